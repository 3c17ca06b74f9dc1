//! The one-shot flags that write, through the real binary: looked up in a file first, then done in NinjaOne, with the exit
//! codes that scripts of the official connector know.

use std::path::PathBuf;

use baton_ninja_one::simulator::Fault;

use crate::support::{
    World,
    binary::{Binary, text},
};

/// A small NinjaOne and a file that was synced from it.
struct Place {
    world: World,
    file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Place {
    async fn new() -> Self {
        let world = World::small().await;
        let folder = tempfile::tempdir().unwrap();
        let place = Self { world, file: folder.path().join("sync.c1z"), _folder: folder };
        place.run(&[], 0).await;
        place.world.ninja_one.clear_requests();
        place
    }

    /// Runs the binary on the file; what it said on stderr.
    async fn run(&self, flags: &[&str], exit: i32) -> String {
        let mut args = vec!["-f", self.file.to_str().unwrap()];
        args.extend(flags);
        let output = Binary::new(&args).against(&self.world).output().await;
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(exit), "{flags:?}: {told}");
        assert!(output.stdout.is_empty(), "{flags:?}");
        told
    }

    fn is_member(&self, role: i32, user: i32) -> bool {
        self.world.ninja_one.with_tenant(|t| t.is_member(role, user))
    }

    fn writes(&self) -> usize {
        self.world.ninja_one.writes().iter().filter(|w| !w.path.contains("oauth")).count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_and_its_revocation_take_one_write_each() {
    let place = Place::new().await;
    let grant = [
        "--grant-entitlement",
        "role:5:assigned",
        "--grant-principal",
        "22",
        "--grant-principal-type",
        "user",
    ];
    place.run(&grant, 0).await;
    assert!(place.is_member(5, 22));
    assert_eq!(place.writes(), 1);
    place.run(&grant, 0).await;
    assert_eq!(place.writes(), 1, "already granted");

    place.run(&[], 0).await; // a new sync, so that the grant is in the file
    place.world.ninja_one.clear_requests();
    place.run(&["--revoke-grant", "role:5:assigned:user:22"], 0).await;
    assert!(!place.is_member(5, 22));
    assert_eq!(place.writes(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_principal_may_be_given_by_id_alone() {
    let place = Place::new().await;
    place.run(&["--grant-entitlement", "role:5:assigned", "--grant-principal", "22"], 0).await;
    assert!(place.is_member(5, 22));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_in_the_file_is_found_out_before_anything_is_asked() {
    let place = Place::new().await;
    let told = place.run(&["--grant-entitlement", "nope:x:y", "--grant-principal", "22"], 5).await;
    let last = told.lines().last().unwrap();
    assert!(
        last.starts_with("runner: error processing task: error fetching entitlement 'nope:x:y': "),
        "{last}"
    );
    place.run(&["--grant-entitlement", "role:5:assigned", "--grant-principal", "999"], 5).await;
    place.run(&["--revoke-grant", "role:5:assigned:user:999"], 5).await;
    place.run(&["--delete-resource", "999", "--delete-resource-type", "user"], 5).await;
    assert!(place.world.ninja_one.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_created_once_and_deleted() {
    let place = Place::new().await;
    let profile = r#"{"first_name":"Nora","last_name":"Vale","user_type":"end_user","organization_id":"1"}"#;
    let create = ["--create-account-email", "nora@example.com", "--create-account-profile", profile];
    place.run(&create, 0).await;
    let of = |place: &Place| {
        place.world.ninja_one.with_tenant(|t| t.users.by_email("nora@example.com").map(|u| u.id))
    };
    let id = of(&place).expect("the account is there").to_string();
    let writes = place.writes();
    place.run(&create, 0).await;
    assert_eq!(place.writes(), writes, "it exists already");

    place.run(&[], 0).await;
    place.run(&["--delete-resource", &id, "--delete-resource-type", "user"], 0).await;
    assert!(of(&place).is_none());
    assert!(place.world.ninja_one.forbidden().is_empty(), "{:?}", place.world.ninja_one.forbidden());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_can_be_named_by_its_login_alone_and_what_it_lacks_is_told() {
    let place = Place::new().await;
    place.world.ninja_one.faults().on("PATCH", "/v2/user/role/**", Fault::Status(403));
    let profile = r#"{"first_name":"Nora","last_name":"Vale","user_type":"end_user","organization_id":"1","roles":["5"]}"#;
    let create = ["--create-account-login", "nora@example.com", "--create-account-profile", profile];
    let told = place.run(&create, 0).await;
    assert!(told.contains("is missing: role 5"), "{told}");
    assert!(place.world.ninja_one.read_tenant(|t| t.users.by_email("nora@example.com").is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_carry_the_grpc_code_of_their_reason() {
    let place = Place::new().await;
    let told = place.run(&["--delete-resource", "7", "--delete-resource-type", "role"], 12).await;
    let wanted = "runner: error processing task: rpc error: code = Unimplemented desc = \
                  resource type role does not have resource Delete() configured";
    assert_eq!(told.lines().last(), Some(wanted));
    place.run(&["--rotate-credentials", "12", "--rotate-credentials-type", "user"], 12).await;
    place.run(&["--get-ticket", "--ticket-id", "1"], 12).await;
    place.run(&["--create-account-email", "x@example.com", "--create-account-profile", "[1]"], 2).await;
    let told = place.run(&["--delete-resource", "3", "--delete-resource-type", "user"], 9).await;
    assert!(told.contains("System Administrator"), "{told}");
    assert_eq!(place.writes(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_action_or_feed_is_not_found() {
    let place = Place::new().await;
    let told = place.run(&["--invoke-action", "nope"], 5).await;
    assert!(told.contains("handler for action nope not found"), "{told}");
    let told = place.run(&["--event-feed", "true", "--event-feed-id", "nope"], 5).await;
    assert!(told.contains("event feed id nope not found"), "{told}");
    place.run(&["--list-action-schemas"], 0).await;
}
