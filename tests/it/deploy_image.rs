//! The image's recipe, as far as it can be proved without building it: what it copies is there, what it builds is locked and static,
//! and what it ships runs as nobody, without a shell.

use std::{collections::BTreeSet, ffi::OsString, fs, path::Path};

use baton_ninja_one::config::{self, Command};

use crate::support::{
    manifests::{container, overlays, pods, rendered},
    names::{Names, variables_in},
};

const RECIPE: &str = "deploy/Dockerfile";

/// One instruction: its word and the rest of its line, continuations joined.
struct Instruction {
    word: String,
    rest: String,
}

/// The stages, each with the instructions after its FROM, and the build arguments before the first.
fn stages() -> (Vec<String>, Vec<Vec<Instruction>>) {
    let text = fs::read_to_string(RECIPE).unwrap();
    let lines: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    let joined = lines.join("\n").replace("\\\n", " ");
    let (mut arguments, mut stages): (Vec<String>, Vec<Vec<Instruction>>) = (Vec::new(), Vec::new());
    for line in joined.lines().filter(|line| !line.trim().is_empty()) {
        let (word, rest) = line.split_once(' ').unwrap();
        let instruction = Instruction {
            word: word.to_owned(),
            rest: rest.split_whitespace().collect::<Vec<_>>().join(" "),
        };
        match (word, stages.last_mut()) {
            ("FROM", _) => stages.push(vec![instruction]),
            ("ARG", None) => arguments.push(instruction.rest),
            (_, Some(stage)) => stage.push(instruction),
            (other, None) => panic!("{other} before the first FROM"),
        }
    }
    (arguments, stages)
}

fn all<'a>(stage: &'a [Instruction], word: &str) -> Vec<&'a str> {
    stage.iter().filter(|instruction| instruction.word == word).map(|i| i.rest.as_str()).collect()
}

/// The JSON list of an instruction in exec form.
fn words(exec: &str) -> Vec<String> {
    serde_json::from_str(exec).unwrap_or_else(|e| panic!("{exec} needs a shell: {e}"))
}

/// What the build may read: the allow-list of the ignore file.
fn context() -> BTreeSet<String> {
    let text = fs::read_to_string(format!("{RECIPE}.dockerignore")).unwrap();
    let mut lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    assert_eq!(lines.next(), Some("*"), "nothing gets in unless it is named");
    lines.map(|line| line.strip_prefix('!').expect("only exceptions follow").to_owned()).collect()
}

#[test]
fn the_image_holds_one_program_and_runs_it_as_nobody_without_a_shell() {
    let (_, stages) = stages();
    let last = stages.last().unwrap();
    assert_eq!(all(last, "FROM"), ["scratch"]);
    assert_eq!(all(last, "RUN"), [""; 0], "there is no shell to run anything");
    assert_eq!(words(all(last, "ENTRYPOINT")[0]), ["/usr/local/bin/baton-ninja-one"]);
    assert_eq!(all(last, "CMD"), [""; 0], "the bare command is the official one");
    let user = all(last, "USER")[0];
    for overlay in overlays() {
        let objects = rendered(&overlay);
        let context = &pods(&objects)[0].1["spec"]["securityContext"];
        assert_eq!(format!("{}:{}", context["runAsUser"], context["runAsGroup"]), user, "{overlay}");
        assert!(
            container(pods(&objects)[0].1).get("command").is_none(),
            "{overlay}: the image knows its program"
        );
    }
    let names = Names::load();
    let set = all(last, "ENV").concat();
    assert!(variables_in(&set).is_subset(&names.variables), "{set}");
}

#[test]
fn the_health_check_is_the_programs_own() {
    let (_, stages) = stages();
    let check = all(stages.last().unwrap(), "HEALTHCHECK")[0];
    let (_, command) = check.split_once("CMD ").unwrap();
    let line = words(command).into_iter().map(OsString::from);
    let nothing = std::collections::BTreeMap::new();
    let parsed = config::parse(line, &nothing, Path::new("/")).unwrap_or_else(|e| panic!("{command}: {e}"));
    let Command::HealthCheck(probe) = parsed.command else { panic!("{command} is no health check") };
    assert_eq!(probe.endpoint, "live", "a restart does not bring NinjaOne back");
    assert!(
        check.contains(&format!("--timeout={}s", probe.timeout.as_secs() + 1)),
        "it may answer in its own time"
    );
    let exposed = all(stages.last().unwrap(), "EXPOSE")[0];
    let objects = rendered("grpc");
    let ports = container(pods(&objects)[0].1)["ports"].as_array().unwrap().clone();
    for port in ports.iter().map(|port| port["containerPort"].to_string()) {
        assert!(exposed.split(' ').any(|other| other == port), "{port} is not in {exposed}");
    }
    assert!(ports.iter().any(|port| port["containerPort"] == parsed.settings.health.port));
}

#[test]
fn the_build_is_locked_and_static_with_a_compiler_that_is_new_enough() {
    let (arguments, stages) = stages();
    let runs = all(&stages[0], "RUN").join("\n");
    let build = runs.split("&&").find(|command| command.contains("cargo build")).unwrap();
    for word in ["--locked", "--release", "--bin baton-ninja-one", "-unknown-linux-musl"] {
        assert!(build.contains(word), "{word}: {build}");
    }
    assert!(runs.contains("rustup target add \"$(uname -m)-unknown-linux-musl\""), "{runs}");
    let version = arguments.iter().find_map(|argument| argument.strip_prefix("RUST_VERSION=")).unwrap();
    let number = |text: &str| text.split('.').map(|part| part.parse::<u32>().unwrap()).collect::<Vec<_>>();
    assert_eq!(number(version).len(), 3, "a pinned compiler: {version}");
    assert!(number(version) >= number(env!("CARGO_PKG_RUST_VERSION")), "{version}");
    assert!(all(&stages[0], "FROM")[0].starts_with("rust:${RUST_VERSION}-"), "the argument is used");
}

#[test]
fn everything_that_is_copied_is_there() {
    let (_, stages) = stages();
    let named: BTreeSet<_> = stages
        .iter()
        .filter_map(|stage| all(stage, "FROM")[0].split_once(" AS "))
        .map(|(_, name)| name)
        .collect();
    for stage in &stages {
        for copy in all(stage, "COPY") {
            let (flags, paths): (Vec<_>, Vec<_>) = copy.split(' ').partition(|word| word.starts_with("--"));
            if let Some(from) = flags.iter().find_map(|flag| flag.strip_prefix("--from=")) {
                assert!(named.contains(from), "{copy}: no stage {from}");
                let made = all(&stages[0], "RUN").join("\n");
                assert!(made.contains(&format!("{}/", paths[0])), "{copy}: nothing puts it there");
            } else {
                let (_, sources) = paths.split_last().unwrap();
                assert!(sources.iter().all(|source| Path::new(source).exists()), "{copy}");
            }
        }
    }
}

#[test]
fn the_build_context_holds_all_that_the_build_reads() {
    let context = context();
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut read = BTreeSet::from(["Cargo.toml".to_owned(), "Cargo.lock".to_owned()]);
    for target in metadata["packages"][0]["targets"].as_array().unwrap() {
        let path = Path::new(target["src_path"].as_str().unwrap()).strip_prefix(root).unwrap();
        read.insert(path.components().next().unwrap().as_os_str().to_str().unwrap().to_owned());
    }
    // What a source includes from outside its own folder would need a line of its own.
    let build = fs::read_to_string("build.rs").unwrap();
    read.extend(["proto", "build"].iter().filter(|folder| build.contains(**folder)).map(|f| (*f).to_owned()));
    assert!(read.len() > 5, "{read:?}");
    assert!(read.is_subset(&context), "not in the context: {:?}", read.difference(&context));
    for folder in ["src", "build"] {
        for (path, text) in sources(Path::new(folder)) {
            for include in text.match_indices("include_").map(|(at, _)| text[at..].lines().next().unwrap()) {
                let outside = include.contains("\"../") && include.contains("docs/");
                assert!(!outside, "{}: {include} is not in the image's build context", path.display());
            }
        }
    }
    assert!(!context.contains("target") && !context.contains(".git"), "{context:?}");
}

fn sources(folder: &Path) -> Vec<(std::path::PathBuf, String)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                sources(&path)
            } else {
                vec![(path.clone(), fs::read_to_string(&path).unwrap())]
            }
        })
        .collect()
}
