//! Commands, their arguments, help and completions.

use super::*;

#[test]
fn flags_stand_before_or_after_the_command_and_cluster() {
    for line in [
        "-p --file x serve",
        "serve -pf x",
        "serve -p=true -fx",
        "--provisioning serve --file=x",
        "-pfx serve --",
    ] {
        let done = run(line).unwrap();
        assert_eq!(done.command, Command::Serve, "for {line}");
        assert!(done.settings.provisioning, "for {line}");
        assert_eq!(done.settings.file, Path::new("x"), "for {line}");
    }
    assert!(!run_with("--provisioning=f", &[("BATON_PROVISIONING", "1")]).unwrap().settings.provisioning);
    assert_eq!(run("--file --odd").unwrap().settings.file, Path::new("--odd"));
    assert_eq!(
        last_line(&run("--provisioning false").unwrap_err()),
        "unknown command \"false\" for \"baton-ninja-one\""
    );
}

#[test]
fn help_and_version_go_to_stdout() {
    for line in ["--version", "-v", "serve --version"] {
        let page = run(line).unwrap_err();
        assert_eq!(page, Failure::page(format!("baton-ninja-one version {VERSION}")));
    }
    let page = run("--help --bogus").unwrap_err();
    assert!(page.to_stdout && page.exit_code == 0);
    let text = page.text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "required: Client id of the API Services application in NinjaOne ($BATON_NINJA_ONE_CLIENT_ID)",
        "-p, --provisioning",
        "Examples:",
        "health-check",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{}", page.text);
    }
    for hidden in ["--grant-entitlement", "_connector-service", "--c1z-temp-dir"] {
        assert!(!page.text.contains(hidden), "{hidden} is hidden");
    }
    for line in ["help show", "show --help", "-h show", "show -h"] {
        assert!(run(line).unwrap_err().text.contains("--csv"), "for {line}");
    }
    assert_eq!(
        last_line(&run("help bogus").unwrap_err()),
        "unknown command \"bogus\" for \"baton-ninja-one\""
    );
}

#[test]
fn commands_carry_their_arguments() {
    let show = |line: &str| match run(line).unwrap().command {
        Command::Show(show) => show,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        show("show access jane@example.com --json").view,
        View::Access(Access { user: "jane@example.com".into() })
    );
    assert_eq!(
        show("show grants --csv --role 7 --user 9 --type role --sync-id s"),
        Show {
            view: View::Grants,
            format: Format::Csv,
            resource_type: Some("role".into()),
            role: Some("7".into()),
            user: Some("9".into()),
            sync_id: Some("s".into()),
        }
    );
    assert!(
        run("show access").is_err()
            && run("show grants x").is_err()
            && run("show grants --csv --json").is_err()
    );
    let Command::Diff(diff) = run("diff a.c1z b.c1z --from x").unwrap().command else { panic!("a diff") };
    assert_eq!(
        (diff.old, diff.new, diff.from),
        (PathBuf::from("a.c1z"), Some("b.c1z".into()), Some("x".into()))
    );
    let probe = HealthProbe { endpoint: "ready".into(), timeout: Duration::from_secs(2) };
    assert_eq!(
        run("health-check --endpoint ready --timeout 2").unwrap().command,
        Command::HealthCheck(probe)
    );
    assert!(run("health-check --endpoint other").is_err());
    let simulation = run("demo --users 7 --roles 3").unwrap().settings.simulation;
    assert_eq!((simulation.users, simulation.roles, simulation.seed), (7, 3, 1));
    assert!(
        run("_connector-service").unwrap_err().text.starts_with("_connector-service is the child process")
    );
}

#[test]
fn the_first_one_shot_operation_wins_and_allows_what_it_needs() {
    let chosen = |line: &str| run(line).unwrap().settings;
    let grant = chosen("--grant-entitlement e --grant-principal p --create-account-profile {}");
    assert!(
        matches!(&grant.one_shot, Some(OneShot::Grant { entitlement, principal_type: None, .. }) if entitlement == "e")
    );
    assert!(grant.provisioning);
    assert_eq!(chosen("").one_shot, None);
    assert!(!chosen("").provisioning);
    assert!(chosen("--list-ticket-schemas").ticketing);
    assert_eq!(
        chosen("--invoke-action a").one_shot,
        Some(OneShot::InvokeAction { name: "a".into(), arguments: "{}".into(), resource_type: None })
    );
    assert_eq!(chosen("--event-feed false").one_shot, None);
    let service = chosen("--client-id c --client-secret something --delete-resource r");
    assert!(service.control_plane.is_some() && !service.provisioning, "service mode ignores one-shot flags");
}

#[test]
fn completions_know_commands_and_flags() {
    clap_command().debug_assert();
    for (_, shell) in command::Shell::ALL {
        let script = completion(shell);
        assert!(script.contains("doctor") && script.contains("ninja-one-base-url"), "{shell:?}");
    }
}
