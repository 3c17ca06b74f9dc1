//! What texts mean.

use super::*;

#[test]
fn a_bool_is_what_go_reads_as_one() {
    for (text, expected) in [
        ("1", true),
        ("t", true),
        ("TRUE", true),
        ("True", true),
        ("0", false),
        ("f", false),
        ("FALSE", false),
    ] {
        let done = run_with("", &[("BATON_PROVISIONING", text)]).unwrap();
        assert_eq!(done.settings.provisioning, expected, "for {text}");
    }
    assert!(run_with("", &[("BATON_PROVISIONING", "yes")]).is_err());
}

#[test]
fn a_list_is_comma_separated_quoted_and_repeatable() {
    let types =
        |line: &str, env: &[(&str, &str)]| run_with(line, env).unwrap().settings.selection.resource_types;
    assert_eq!(
        types("--sync-resource-types user,role --sync-resource-types device", &[]),
        ["user", "role", "device"]
    );
    assert_eq!(types("", &[("BATON_SYNC_RESOURCE_TYPES", "user, role,")]), ["user", "role"]);
    assert_eq!(types("", &[("BATON_SYNC_RESOURCE_TYPES", r#""a,b","c ""d""""#)]), ["a,b", "c \"d\""]);
    assert_eq!(types("--sync-resource-types x", &[("BATON_SYNC_RESOURCE_TYPES", "user")]), ["x"]);
    assert!(run_with("", &[("BATON_SYNC_RESOURCE_TYPES", "\"open")]).is_err());
}

#[test]
fn durations_take_seconds_or_units() {
    let table =
        [("90", 90_000), ("1500ms", 1500), ("30s", 30_000), ("5m", 300_000), ("1h30m", 5_400_000), ("0", 0)];
    let setting = setting::find("directory-max-age", Verb::Run).unwrap();
    for (text, milliseconds) in table {
        let Ok(Value::Duration(value)) = Value::read(setting, text) else { panic!("{text} is a duration") };
        assert_eq!(value, Duration::from_millis(milliseconds), "for {text}");
    }
    for text in ["", "s", "5x", "-5s", "1.5s", "5m3", "99999999999999999999s", "9999999999999999999h"] {
        assert!(Value::read(setting, text).is_err(), "{text:?} is no duration");
    }
}

#[test]
fn addresses_take_a_port_alone_and_localhost() {
    let listen = |text: &str| {
        run(&format!("serve --listen {text}")).map(|done| done.settings.serve.listen.to_string())
    };
    assert_eq!(run("serve").unwrap().settings.serve.listen.to_string(), "127.0.0.1:9090");
    assert_eq!(listen("127.0.0.1:0").unwrap(), "127.0.0.1:0");
    assert_eq!(listen("localhost:80").unwrap(), "127.0.0.1:80");
    assert_eq!(listen(":80 --listen-insecure").unwrap(), "[::]:80");
    assert_eq!(listen("[::1]:80").unwrap(), "[::1]:80");
    assert!(
        listen("127.0.0.1").is_err()
            && listen("host.example:80").is_err()
            && listen("1.2.3.4:70000").is_err()
    );
    // The simulator is a command of a person, not of a deployment.
    let done = run_with("simulate", &[("BATON_LISTEN", "127.0.0.1:1")]).unwrap();
    assert_eq!(done.settings.simulation.listen.to_string(), "127.0.0.1:9091");
}

#[test]
fn scopes_are_split_and_may_be_none() {
    let scopes = |line: &str, env: &[(&str, &str)]| {
        run_with(line, env).unwrap().settings.require_ninja_one().unwrap().scopes.clone()
    };
    assert_eq!(scopes("", &[]), ["monitoring", "management"]);
    assert_eq!(
        scopes("", &[("BATON_NINJA_ONE_SCOPE", "monitoring,management control")]),
        ["monitoring", "management", "control"]
    );
    assert_eq!(scopes("--ninja-one-scope=", &[]), [""; 0]);
    assert_eq!(scopes("", &[("BATON_NINJA_ONE_SCOPE", "none")]), [""; 0]);
}

#[test]
fn zero_seconds_for_a_request_mean_the_default_from_every_source() {
    let timeout = |line: &str, env: &[(&str, &str)]| {
        run_with(line, env).unwrap().settings.require_ninja_one().unwrap().total_timeout
    };
    assert_eq!(timeout("", &[]), Duration::from_secs(300));
    assert_eq!(timeout("--http-timeout-seconds 0", &[]), Duration::from_secs(300));
    assert_eq!(timeout("", &[("BATON_HTTP_TIMEOUT_SECONDS", "0")]), Duration::from_secs(300));
    // A zero is a value like any other to the sources: it wins over the environment.
    assert_eq!(
        timeout("--http-timeout-seconds=0", &[("BATON_HTTP_TIMEOUT_SECONDS", "7")]),
        Duration::from_secs(300)
    );
    assert!(run("--http-timeout-seconds -1").is_err() && run("--task-concurrency 0").is_err());
}
