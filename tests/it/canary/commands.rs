//! The commands that end by themselves: a sync, a change, and all that looks at things.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_and_a_change_from_the_command_line_leave_no_secret_behind() {
    let place = Place::new().await;
    let mut caught = Caught::default();
    let grant = ["--grant-entitlement", "role:5:assigned", "--grant-principal", "22"];
    let create = ["--create-account-email", "nora@example.com", "--create-account-profile", PROFILE];
    for given in Given::BOTH {
        for (args, log) in [
            (&[][..], "file written"),
            (&["--log-format", "console"], "file written"),
            (&grant, "\"operation\":\"grant\""),
            (&create, "\"operation\":\"create_account\""),
            (&["--invoke-action", "nope"], "nope"),
            (&["--event-feed", "true"], "event feed"),
            (&["--list-action-schemas"], "schemas"),
        ] {
            let output = place.binary(args, given).output().await;
            caught.add(format!("stderr of {args:?}, {given:?}"), output.stderr, log);
            caught.add(format!("stdout of {args:?}, {given:?}"), output.stdout, "");
        }
    }
    place
        .nothing_leaked(
            caught,
            &[("sync.c1z.unpacked", "tess@example.org"), ("all.log", "\"level\":\"debug\"")],
        )
        .needed_no_redaction();
}

const PROFILE: &str =
    r#"{"first_name":"Nora","last_name":"Vale","user_type":"end_user","organization_id":"1"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_that_look_at_things_show_no_secret() {
    let place = Place::new().await;
    let mut caught = Caught::default();
    for given in Given::BOTH {
        // Two syncs, so that there is something to compare.
        for _ in 0..2 {
            assert_eq!(place.binary(&[], given).output().await.status.code(), Some(0));
        }
        for (args, answer) in [
            (&["show", "stats"][..], "grants"),
            (&["show", "syncs", "--json"], "full"),
            (&["show", "resources", "--csv"], "tess@example.org"),
            (&["show", "entitlements"], "assigned"),
            (&["show", "grants"], "Helpdesk"),
            (&["show", "access", "tess@example.org"], "Helpdesk"),
            (&["diff", "sync.c1z"], ""),
            (&["doctor"], "ok    token"),
            (&["doctor", "--json"], "\"check\""),
            (&["config"], "ninja-one-client-secret"),
            (&["capabilities"], "ConnectorCapabilities"),
            (&["completion", "bash"], "ninja-one-client-secret"),
            (&["--help"], "BATON_NINJA_ONE_CLIENT_SECRET"),
            (&["demo", "--users", "20"], "technicians"),
            (&["health-check"], ""),
        ] {
            let output = place.controlled(args, given).output().await;
            caught.add(format!("stdout of {args:?}, {given:?}"), output.stdout, answer);
            caught.add(format!("stderr of {args:?}, {given:?}"), output.stderr, "");
        }
    }
    place
        .nothing_leaked(
            caught,
            &[("sync.c1z.unpacked", "tess@example.org"), ("all.log", "NinjaOne request ended")],
        )
        .needed_no_redaction();
}
