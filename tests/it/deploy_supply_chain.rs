//! What the program is built from: deny.toml's rules that can be checked against Cargo.lock and the sources at hand.

use std::{collections::BTreeSet, fs, process::Command};

use serde_json::Value;

/// The quoted words of a list in deny.toml: `key = [ ... ]`, one element a line, of a table the `crate = "..."`.
fn rule(key: &str) -> BTreeSet<String> {
    let text = fs::read_to_string("deny.toml").unwrap();
    let (_, list) = text.split_once(&format!("\n{key} = [")).unwrap_or_else(|| panic!("no list {key}"));
    let lines = list
        .lines()
        .take_while(|line| !line.starts_with(']'))
        .map(str::trim)
        .filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split('"').nth(1)).map(str::to_owned).collect()
}

/// The values of a key in Cargo.lock.
fn locked(key: &str) -> Vec<String> {
    let text = fs::read_to_string("Cargo.lock").unwrap();
    let prefix = format!("{key} = \"");
    text.lines()
        .filter_map(|line| line.strip_prefix(&prefix))
        .map(|v| v.trim_end_matches('"').to_owned())
        .collect()
}

/// The packages that are built on this platform, with what their authors say about them.
fn packages() -> Vec<Value> {
    let rustc =
        Command::new(std::env::var_os("RUSTC").unwrap_or("rustc".into())).arg("-vV").output().unwrap();
    let about = String::from_utf8(rustc.stdout).unwrap();
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", host])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    serde_json::from_value(metadata["packages"].take()).unwrap()
}

#[test]
fn no_crate_that_is_banned_is_locked() {
    let banned = rule("deny");
    assert!(banned.contains("openssl") && banned.contains("aws-lc-sys"), "{banned:?}");
    let found: Vec<_> = locked("name").into_iter().filter(|name| banned.contains(name)).collect();
    assert_eq!(found, [""; 0]);
}

#[test]
fn every_crate_comes_from_the_one_registry_with_a_checksum() {
    let rules = fs::read_to_string("deny.toml").unwrap();
    let allowed = rules.lines().find_map(|line| line.strip_prefix("allow-registry = [")).unwrap();
    let registry = format!("registry+{}", allowed.split('"').nth(1).unwrap());
    let sources = locked("source");
    assert!(
        sources.iter().all(|source| *source == registry),
        "{:?}",
        sources.iter().find(|s| **s != registry)
    );
    assert_eq!(locked("checksum").len(), sources.len());
    assert_eq!(locked("name").len(), sources.len() + 1, "only the crate itself has no source");
}

#[test]
fn every_licence_is_one_that_may_be_handed_out_under_apache_2() {
    let allowed = rule("allow");
    let packages = packages();
    assert!(packages.len() > 200 && allowed.contains("MIT"), "{}", packages.len());
    let mut refused = Vec::new();
    for package in &packages {
        let licence = package["license"].as_str().unwrap_or_default();
        if !permitted(licence, &allowed) {
            refused.push(format!("{}: {licence:?}", package["name"]));
        }
    }
    assert_eq!(refused, [""; 0], "a new licence is a decision: write it into deny.toml");
}

#[test]
fn a_licence_expression_is_read_as_its_authors_mean_it() {
    let allowed =
        BTreeSet::from(["MIT", "ISC", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned));
    for good in [
        "MIT",
        "GPL-3.0 OR MIT",
        "Unlicense/MIT",
        "Apache-2.0 / MIT",
        "(Apache-2.0 OR GPL-2.0) AND ISC",
        "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
    ] {
        assert!(permitted(good, &allowed), "{good}");
    }
    for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR ISC) AND GPL-2.0", "MIT WITH Strange-exception"] {
        assert!(!permitted(bad, &allowed), "{bad}");
    }
}

/// Whether an SPDX expression leaves a choice that is allowed: of an OR one side, of an AND both.
fn permitted(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<_> = spaced.split_whitespace().collect();
    let mut at = 0;
    let holds = either(&words, &mut at, allowed);
    holds && at == words.len()
}

fn either(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut holds = both(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        holds |= both(words, at, allowed);
    }
    holds
}

fn both(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut holds = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        holds &= one(words, at, allowed);
    }
    holds
}

fn one(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let holds = either(words, at, allowed);
        *at += 1;
        return holds;
    }
    let mut name = (*word).to_owned();
    if words.get(*at) == Some(&"WITH") {
        name = format!("{name} WITH {}", words.get(*at + 1).unwrap_or(&""));
        *at += 2;
    }
    allowed.contains(&name)
}

#[test]
fn the_release_profile_gives_one_small_stripped_program() {
    let manifest = fs::read_to_string("Cargo.toml").unwrap();
    let (_, profile) = manifest.split_once("[profile.release]\n").unwrap();
    let profile = profile.split("\n[").next().unwrap();
    for line in ["codegen-units = 1", "strip = true"] {
        assert!(profile.lines().any(|l| l.trim() == line), "{line}: {profile}");
    }
    assert!(!profile.contains("debug-assertions") && !profile.contains("incremental"), "{profile}");
}
