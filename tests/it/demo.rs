//! The two commands that need no account: `demo` and `simulate`.

use crate::support::binary::{Binary, text};

#[tokio::test]
async fn the_demo_shows_who_holds_what_and_ends() {
    let output = Binary::new(&["demo", "--users", "30", "--roles", "4"]).output().await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "", "a demo that works has nothing to complain about");
    let told = text(&output.stdout);
    for words in
        ["30 users and 4 roles", "10 technicians, 20 end users, 5 roles", "System Administrator", "Holders"]
    {
        assert!(told.contains(words), "{words:?} is missing in {told}");
    }
}

#[tokio::test]
async fn the_same_seed_shows_the_same_tenant() {
    let table = |output: &std::process::Output| {
        text(&output.stdout).lines().filter(|l| l.starts_with('│')).map(str::to_owned).collect::<Vec<_>>()
    };
    let first = Binary::new(&["demo", "--seed", "9"]).output().await;
    let again = Binary::new(&["demo", "--seed", "9"]).output().await;
    let other = Binary::new(&["demo", "--seed", "10"]).output().await;
    assert!(!table(&first).is_empty());
    assert_eq!(table(&first), table(&again));
    assert_ne!(table(&first), table(&other));
}

#[tokio::test]
async fn the_readme_shows_what_the_demo_prints() {
    let output = Binary::new(&["demo"]).output().await;
    let told = text(&output.stdout);
    let same_each_time = |l: &&str| !l.contains("127.0.0.1:") && !l.contains(" seconds.");
    let readme = include_str!("../../README.md");
    for line in told.lines().filter(same_each_time) {
        assert!(readme.lines().any(|l| l == line), "the README lacks: {line}");
    }
}
