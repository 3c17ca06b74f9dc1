//! The commands that need no account, and what is printed when nobody reads it.

use crate::support::{
    World,
    binary::{Binary, text},
};

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
async fn a_reader_that_goes_away_ends_nothing() {
    for args in [&["demo"][..], &["config"], &["capabilities"], &["completion", "zsh"], &["--help"]] {
        let output = Binary::new(args).without_reader().output().await;
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""), "{args:?}");
    }
    let world = World::small().await;
    let args = ["serve", "--listen", "127.0.0.1:0", "--health-check", "--health-check-port", "0"];
    let mut running = Binary::new(&args).against(&world).without_reader().start();
    running.logs("\"msg\":\"ready\"").await;
    running.terminate();
    let (code, told) = running.end().await;
    assert_eq!(code, Some(0), "{told}");
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
