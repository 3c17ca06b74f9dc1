//! Settings, as the binary takes them: every mistake at once, by name, and no secret in any answer.

use crate::support::{
    World,
    binary::{Binary, text},
};

#[tokio::test]
async fn every_mistake_is_reported_at_once_and_by_name() {
    let output = Binary::new(&["serve", "--listen", "nowhere", "--http-timeout-seconds", "5000"])
        .env("BATON_NINJA_ONE_CLIENT_ID", "some-id")
        .env("BATON_PROVISIONING", "maybe")
        .output()
        .await;
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let told = text(&output.stderr);
    for name in
        ["ninja-one-base-url", "ninja-one-client-secret", "listen", "http-timeout-seconds", "provisioning"]
    {
        assert!(told.contains(name), "{name} is not named in {told}");
    }
    assert!(!told.contains("ninja-one-client-id"), "{told}");
}

#[tokio::test]
async fn a_base_url_that_is_none_is_refused_with_what_to_write_instead() {
    for url in ["http://example.org", "nowhere-land", "https://user:pass@eu.ninjarmm.com"] {
        let output = Binary::new(&["serve", "--listen", "127.0.0.1:0"])
            .env("BATON_NINJA_ONE_BASE_URL", url)
            .env("BATON_NINJA_ONE_CLIENT_ID", "id")
            .env("BATON_NINJA_ONE_CLIENT_SECRET", "canary-secret-value")
            .output()
            .await;
        assert_eq!(output.status.code(), Some(2), "{url}");
        let told = text(&output.stderr);
        assert!(told.contains("ninja-one-base-url"), "{told}");
        assert!(!told.contains("canary-secret-value") && !told.contains("user:pass"), "{told}");
    }
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let world = World::small().await;
    let output = Binary::new(&["serve", "--listen", &address]).against(&world).output().await;
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains(&address));
}

#[tokio::test]
async fn the_version_and_the_help_are_answers() {
    let output = Binary::new(&["--version"]).output().await;
    assert_eq!(
        (output.status.code(), text(&output.stdout).trim()),
        (Some(0), "baton-ninja-one version 0.1.0")
    );
    let output = Binary::new(&["serve", "--help"]).output().await;
    assert_eq!(output.status.code(), Some(0));
    let help = text(&output.stdout);
    assert!(help.contains("--listen") && help.contains("BATON_LISTEN"), "{help}");
}
