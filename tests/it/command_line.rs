//! docs/command-line.md is what the program answers: the page is read, what it types is run in its order with the real binary, and
//! the answers are compared, apart from what is another one each time. `UPDATE_DOCS=1` writes them anew.

use std::{collections::BTreeMap, fs};

use regex_lite::Regex;
use tempfile::TempDir;

use crate::support::{
    binary::{Binary, Running, text},
    reference_page,
};

const PAGE: &str = "docs/command-line.md";
const PROGRAM: &str = "baton-ninja-one";

/// What the page says of addresses, where the test takes free ones.
const SIMULATOR: &str = "127.0.0.1:9091";
const DAEMON: &str = "127.0.0.1:9090";
const HEALTH: &str = "127.0.0.1:8081";

/// A terminal, as far as the page needs one.
struct Terminal {
    folder: TempDir,
    variables: BTreeMap<String, String>,
    background: Vec<Running>,
    /// Addresses as the page has them, and as they are here.
    addresses: Vec<(&'static str, String)>,
    exit_code: i32,
}

impl Terminal {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            folder,
            variables: BTreeMap::new(),
            background: Vec::new(),
            addresses: Vec::new(),
            exit_code: 0,
        }
    }

    /// What is printed after this was typed.
    async fn types(&mut self, line: &str) -> String {
        let words = words(line);
        let typed: Vec<_> = words.iter().map(String::as_str).collect();
        let printed = match typed.as_slice() {
            ["export", pairs @ ..] => {
                for (name, value) in pairs.iter().map(|pair| pair.split_once('=').unwrap()) {
                    self.variables.insert(name.to_owned(), self.here(value));
                }
                String::new()
            }
            ["echo", "$?"] => format!("{}\n", self.exit_code),
            [PROGRAM, arguments @ .., "&"] => self.starts(arguments).await,
            [PROGRAM, arguments @ ..] => self.runs(arguments).await,
            other => panic!("the page types what this terminal does not know: {other:?}"),
        };
        self.addresses.iter().fold(printed, |text, (page, here)| text.replace(here.as_str(), page))
    }

    fn binary(&self, arguments: &[&str]) -> Binary {
        // As wide as the page can be.
        let binary = Binary::new(arguments).within(self.folder.path()).env("COLUMNS", "100");
        self.variables.iter().fold(binary, |binary, (name, value)| binary.env(name, value))
    }

    /// What the page says of an address, as it is here.
    fn here(&self, text: &str) -> String {
        self.addresses.iter().fold(text.to_owned(), |text, (page, here)| text.replace(page, here))
    }

    async fn runs(&mut self, arguments: &[&str]) -> String {
        let health = self.here(HEALTH);
        let port = ["--health-check-port", health.rsplit_once(':').unwrap().1];
        let more: &[&str] = if arguments[..arguments.len().min(1)] == ["health-check"] { &port } else { &[] };
        let output = self.binary(&[arguments, more].concat()).output().await;
        self.exit_code = output.status.code().unwrap();
        text(&output.stdout) + &text(&output.stderr)
    }

    async fn starts(&mut self, arguments: &[&str]) -> String {
        let (told, running) = match arguments {
            ["simulate", ..] => {
                let mut running = self.binary(&[arguments, &["--listen", "127.0.0.1:0"]].concat()).start();
                let told = running.until(|told| told.contains("_simulator/faults\n")).await;
                let (_, address) = told.split_once("BASE_URL=http://").unwrap();
                self.addresses.push((SIMULATOR, address.lines().next().unwrap().to_owned()));
                (told, running)
            }
            ["serve", ..] => {
                let free = ["--listen", "127.0.0.1:0", "--health-check-port", "0"];
                let mut running = self.binary(&[arguments, &free].concat()).listening().await;
                self.addresses.push((DAEMON, running.address.clone()));
                self.addresses.push((HEALTH, running.said("health pages").to_owned()));
                let channel = format!("http://{}", running.address);
                let channel =
                    tonic::transport::Channel::from_shared(channel).unwrap().connect().await.unwrap();
                let ready = tonic_health::pb::health_check_response::ServingStatus::Serving;
                crate::support::wait_for(&channel, ready).await;
                (running.until(|_| true).await, running)
            }
            other => panic!("the page leaves {other:?} in the background"),
        };
        self.background.push(running);
        told
    }
}

/// The words of a line, quotes taken off.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in line.split('"').enumerate() {
        match at % 2 {
            1 => words.push(part.to_owned()),
            _ => words.extend(part.split_whitespace().map(str::to_owned)),
        }
    }
    words
}

/// The page with the answers that come now.
async fn answered(page: &str) -> String {
    let (mut terminal, mut out) = (Terminal::new(), String::new());
    let mut in_block = false;
    for line in page.lines() {
        let fence = line.starts_with("```");
        if fence {
            in_block = line == "```console";
        }
        if fence || !in_block {
            out += &format!("{line}\n");
        } else if let Some(typed) = line.strip_prefix("$ ") {
            out += &format!("{line}\n{}", terminal.types(typed).await);
        }
    }
    out
}

/// Without what is another one each time: ids of syncs and requests, times, durations, sizes, free ports, places in the source.
fn lasting(page: &str) -> String {
    let passing = [
        (r"\b[0-9A-Za-z]{27}\b", "SYNC"),
        (r"sim-[0-9a-f]{8}", "REQUEST"),
        (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?", "TIME"),
        (r"\b\d+(\.\d+)? (ms|s|seconds|min)\b", "A WHILE"),
        (r"at http://127\.0\.0\.1:\d+", "at ADDRESS"),
        (r"\.rs:\d+", ".rs:LINE"),
    ];
    passing.iter().fold(page.to_owned(), |page, (pattern, word)| {
        Regex::new(pattern).unwrap().replace_all(&page, *word).into_owned()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_on_the_command_line_shows_what_the_program_answers() {
    let page = fs::read_to_string(PAGE).unwrap();
    let now = answered(&page).await;
    assert!(now.matches("\n$ ").count() > 15, "the page types something: {now}");
    let (was, is) = (lasting(&page), lasting(&now));
    if std::env::var_os("UPDATE_DOCS").is_none() {
        for (was, is) in was.lines().zip(is.lines()) {
            assert_eq!(was, is, "{PAGE} is out of date; run the tests with UPDATE_DOCS=1");
        }
    }
    if was != is {
        reference_page(PAGE, &now);
    }
}
