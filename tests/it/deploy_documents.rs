//! What the documents for operators and reviewers say is there: settings, files, tests, reasons.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::support::{
    manifests::overlays,
    names::{Names, flags_in, variables_in},
};

const SECURITY: &str = "docs/security.md";
const OPERATIONS: &str = "docs/operations.md";
const COMMAND_LINE: &str = "docs/command-line.md";

/// Flags of other programs that the documents show in use.
const FOREIGN_FLAGS: &[&str] = &[
    "--locked",
    "--release",
    "--file",
    "--tag",
    "--edges",
    "--duplicates",
    "--from-file",
    "--target",
    "--bin",
    "--test",
    "--format",
    "--now",
    "--previous",
];

/// Variables that other programs read as well.
const FOREIGN_VARIABLES: &[&str] = &["HTTPS_PROXY", "NO_PROXY"];

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|e| e == "rs")).collect()
}

/// The names of all tests.
fn tests() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in ["src", "tests"].iter().flat_map(|folder| sources(Path::new(folder))) {
        let text = fs::read_to_string(path).unwrap();
        for (at, _) in text.match_indices("test") {
            // `#[test]`, `#[tokio::test(...)]`: the function is the next one.
            let line_start = text[..at].rfind('\n').map_or(0, |n| n + 1);
            if !text[line_start..at].trim_start().starts_with("#[") {
                continue;
            }
            let name = text[at..].split("fn ").nth(1).and_then(|rest| rest.split(['(', '<']).next());
            found.extend(name.map(str::to_owned));
        }
        // Property tests: functions inside `proptest!`.
        if let Some((_, inside)) = text.split_once("proptest! {") {
            found.extend(
                inside.split("fn ").skip(1).filter_map(|rest| rest.split('(').next()).map(str::to_owned),
            );
        }
    }
    assert!(found.len() > 200, "the tests are found: {}", found.len());
    found
}

/// The words in backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

fn is_test_name(word: &str) -> bool {
    word.matches('_').count() >= 3
        && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[test]
fn every_test_that_the_threat_model_cites_is_there() {
    let (tests, text) = (tests(), read(SECURITY));
    let cited: BTreeSet<_> = quoted(&text).into_iter().filter(|word| is_test_name(word)).collect();
    assert!(cited.len() > 20, "the citations are found: {}", cited.len());
    let missing: Vec<_> = cited.into_iter().filter(|name| !tests.contains(*name)).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn every_claim_of_the_threat_model_is_held_by_a_test() {
    let text = read(SECURITY);
    let (_, claims) = text.split_once("\n## Claims\n").unwrap();
    let claims = claims.split("\n## ").next().unwrap();
    let rows = claims.lines().filter(|line| {
        line.starts_with("| ")
            && !line.starts_with("| Claim")
            && !line.starts_with("| ---")
            && !line.starts_with("| **")
    });
    let mut seen = 0;
    for row in rows {
        assert!(quoted(row).into_iter().any(is_test_name), "no test holds: {row}");
        seen += 1;
    }
    assert!(seen > 15, "the claims are found: {seen}");
}

#[test]
fn every_setting_that_the_documents_name_exists() {
    let names = Names::load();
    for path in [COMMAND_LINE, OPERATIONS, SECURITY, "SECURITY.md", "deploy/README.md"] {
        let text = read(path);
        let variables = variables_in(&text);
        let unknown: Vec<_> = variables.difference(&names.variables).collect();
        assert!(unknown.is_empty(), "{path}: {unknown:?}");
        let flags = flags_in(&text);
        let known = |flag: &&String| names.flags.contains(*flag) || FOREIGN_FLAGS.contains(&flag.as_str());
        let unknown: Vec<_> = flags.iter().filter(|flag| !known(flag)).collect();
        assert!(unknown.is_empty(), "{path}: {unknown:?}");
    }
}

#[test]
fn every_file_that_the_documents_name_is_there() {
    for path in [COMMAND_LINE, OPERATIONS, SECURITY, "SECURITY.md", "deploy/README.md"] {
        let text = read(path);
        for word in
            quoted(&text).into_iter().filter(|word| word.starts_with("deploy/") && !word.contains(' '))
        {
            assert!(Path::new(word).exists(), "{path}: {word}");
        }
        for link in text.match_indices("](").map(|(at, _)| text[at + 2..].split(')').next().unwrap()) {
            let target = link.split('#').next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let folder = Path::new(path).parent().unwrap();
            assert!(folder.join(target).exists(), "{path}: {link}");
        }
    }
}

#[test]
fn the_operators_guide_knows_every_overlay_and_every_failure_of_ninja_one() {
    let text = read(OPERATIONS);
    let words: BTreeSet<_> = quoted(&text).into_iter().collect();
    for overlay in overlays() {
        assert!(words.contains(overlay.as_str()), "{overlay}");
    }
    // Each kind of failure has a label in snake case, and a reason of the same words.
    let kinds = read("src/ninja_one/rest/error_kind.rs");
    let (_, labels) = kinds.split_once("pub fn label(").unwrap();
    let labels = labels.split("\n    }\n").next().unwrap();
    let reasons: BTreeSet<_> = labels.split('"').skip(1).step_by(2).map(str::to_uppercase).collect();
    assert!(reasons.len() > 20, "the reasons are found: {reasons:?}");
    let silent: Vec<_> = reasons.iter().filter(|reason| !words.contains(reason.as_str())).collect();
    assert!(silent.is_empty(), "the runbook of {OPERATIONS} has nothing on {silent:?}");
}

#[test]
fn every_reason_in_the_runbook_is_one_that_the_program_gives() {
    let text = read(OPERATIONS);
    let is_reason = |word: &&str| {
        word.len() > 2
            && word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
            && !word.starts_with("BATON")
            && !word.starts_with("OTEL_")
    };
    let told: BTreeSet<_> = quoted(&text)
        .into_iter()
        .filter(is_reason)
        .filter(|word| !FOREIGN_VARIABLES.contains(word))
        .collect();
    assert!(told.len() > 20, "{told:?}");
    let given: String =
        sources(Path::new("src")).iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let unknown: Vec<_> = told.iter().filter(|reason| !given.contains(&format!("\"{reason}\""))).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn the_security_policy_names_the_version_that_is_supported() {
    let version = env!("CARGO_PKG_VERSION");
    let minor = version.rsplit_once('.').unwrap().0;
    assert!(read("SECURITY.md").contains(&format!("{minor}.x")));
}
