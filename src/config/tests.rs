//! What the command line promises, in the reference's exact words.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::command::Verb;
use super::resolve::Layers;
use super::setting::{Kind, Place, all};
use super::value::Value;
use super::*;

const NINJA_ONE: [(&str, &str); 3] = [
    ("BATON_NINJA_ONE_BASE_URL", "eu"),
    ("BATON_NINJA_ONE_CLIENT_ID", "an-id"),
    ("BATON_NINJA_ONE_CLIENT_SECRET", "a-secret"),
];

fn run_in(cwd: &Path, line: &str, env: &[(&str, &str)]) -> Result<Invocation, Failure> {
    let args = std::iter::once(NAME).chain(line.split_whitespace()).map(OsString::from);
    let env: BTreeMap<String, String> =
        env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    parse(args, &env, cwd)
}

/// Parses with the NinjaOne settings in the environment, in an empty directory.
fn run(line: &str) -> Result<Invocation, Failure> {
    run_with(line, &[])
}

fn run_with(line: &str, env: &[(&str, &str)]) -> Result<Invocation, Failure> {
    let empty = TempDir::new().unwrap();
    run_in(empty.path(), line, &[&NINJA_ONE, env].concat())
}

fn last_line(failure: &Failure) -> &str {
    failure.text.lines().last().unwrap()
}

#[test]
fn every_mistake_ends_with_the_words_of_the_reference() {
    let table = [
        ("--bogus", "unknown flag: --bogus"),
        ("--bogus=1", "unknown flag: --bogus"),
        ("show grants --seed 1", "unknown flag: --seed"),
        ("-x", "unknown shorthand flag: 'x' in -x"),
        ("---file", "bad flag syntax: ---file"),
        ("bogus", "unknown command \"bogus\" for \"baton-ninja-one\""),
        ("lambda", "unknown command \"lambda\" for \"baton-ninja-one\""),
        ("capabilities more", "unknown command \"more\" for \"baton-ninja-one capabilities\""),
        ("show bogus", "unknown command \"bogus\" for \"baton-ninja-one show\""),
        ("show", "requires at least 1 arg(s), only received 0"),
        ("diff a b c", "accepts at most 2 arg(s), received 3"),
        ("completion tcsh", "unknown command \"tcsh\" for \"baton-ninja-one completion\""),
        ("--event-feed", "flag needs an argument: --event-feed"),
        ("-f", "flag needs an argument: 'f' in -f"),
        (
            "--provisioning=maybe",
            "invalid argument \"maybe\" for \"-p, --provisioning\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax",
        ),
        (
            "--ticketing=yes",
            "invalid argument \"yes\" for \"--ticketing\" flag: strconv.ParseBool: parsing \"yes\": invalid syntax",
        ),
        (
            "--workers many",
            "invalid argument \"many\" for \"--workers\" flag: strconv.ParseInt: parsing \"many\": invalid syntax",
        ),
        (
            "--workers 99999999999999999999",
            "invalid argument \"99999999999999999999\" for \"--workers\" flag: strconv.ParseInt: parsing \"99999999999999999999\": value out of range",
        ),
        (
            "--http-timeout-seconds 5000",
            "field http-timeout-seconds: value must be less than or equal to 1800 but got 5000",
        ),
        (
            "--task-concurrency 0",
            "field task-concurrency: value must be greater than or equal to 1 but got 0",
        ),
        ("--storage-engine foo", "field storage-engine: value must be one of [ sqlite pebble] but got 'foo'"),
        (
            "--ninja-one-client-id=",
            "field ninja-one-client-id of type string is marked as required but it has a zero-value",
        ),
        (
            "--directory-max-age 2d",
            "field directory-max-age: value must be less than or equal to 86400s but got 172800s",
        ),
        (
            "--client-id id",
            "if any flags in the group [client-id client-secret] are set they must all be set; missing [client-secret]",
        ),
        (
            "--diff-syncs",
            "if any flags in the group [diff-syncs base-sync-id applied-sync-id] are set they must all be set; missing [applied-sync-id base-sync-id]",
        ),
        (
            "--grant-entitlement e --grant-principal p --revoke-grant g",
            "if any flags in the group [grant-entitlement revoke-grant create-account-email delete-resource-type \
             rotate-credentials-type event-feed diff-syncs compact-syncs list-ticket-schemas] are set none of the \
             others can be; [grant-entitlement revoke-grant] were all set",
        ),
        ("--skip-grants", "skip-grants can only be set within a targeted sync"),
        ("--c1z-temp-dir nowhere", "the specified c1z temp dir does not exist: nowhere"),
    ];
    for (line, expected) in table {
        let failure = run(line).expect_err(line);
        assert_eq!(last_line(&failure), expected, "for {line}");
        assert_eq!((failure.exit_code, failure.to_stdout), (2, false), "for {line}");
    }
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let empty = TempDir::new().unwrap();
    let env = [("BATON_TICKETING", "perhaps"), ("BATON_NINJA_ONE_BASE_URL", "eu")];
    let line = "--bogus --provisioning=maybe --http-timeout-seconds 5000 --task-concurrency 0 --client-id x";
    assert_eq!(
        run_in(empty.path(), line, &env).unwrap_err().text,
        "set BATON_NINJA_ONE_CLIENT_ID, BATON_NINJA_ONE_CLIENT_SECRET, or their flags, or their keys in the config file\n\
         unknown flag: --bogus\n\
         invalid argument \"maybe\" for \"-p, --provisioning\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax\n\
         BATON_TICKETING: invalid argument \"perhaps\" for \"--ticketing\" flag: strconv.ParseBool: parsing \"perhaps\": invalid syntax\n\
         required flag(s) \"ninja-one-client-id\", \"ninja-one-client-secret\" not set\n\
         if any flags in the group [client-id client-secret] are set they must all be set; missing [client-secret]\n\
         errors found:\n\
         field http-timeout-seconds: value must be less than or equal to 1800 but got 5000\n\
         field task-concurrency: value must be greater than or equal to 1 but got 0"
    );
}

#[test]
fn a_flag_wins_over_the_environment_over_the_file_over_the_default() {
    let directory = TempDir::new().unwrap();
    let file = |line: &str, env: &[(&str, &str)]| {
        run_in(directory.path(), line, &[&NINJA_ONE, env].concat()).unwrap().settings.file
    };
    assert_eq!(file("", &[]), Path::new("sync.c1z"));
    fs::write(directory.path().join(".baton.yaml"), "file: from-file\n").unwrap();
    assert_eq!(file("", &[]), Path::new("from-file"));
    assert_eq!(file("", &[("BATON_FILE", "from-env")]), Path::new("from-env"));
    assert_eq!(file("", &[("BATON_FILE", "")]), Path::new("from-file"));
    assert_eq!(file("-f from-flag", &[("BATON_FILE", "from-env")]), Path::new("from-flag"));
    assert_eq!(file("-f first --file=second", &[]), Path::new("second"));
}

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
    assert_eq!(listen(":80").unwrap(), "[::]:80");
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
fn only_commands_that_talk_to_ninja_one_need_its_settings() {
    let empty = TempDir::new().unwrap();
    for line in [
        "demo",
        "simulate",
        "show stats",
        "diff a",
        "config",
        "capabilities",
        "completion bash",
        "health-check",
    ] {
        let done = run_in(empty.path(), line, &[]).expect(line);
        assert!(done.settings.require_ninja_one().is_err());
    }
    for line in ["", "serve", "doctor"] {
        let failure = run_in(empty.path(), line, &[]).expect_err(line);
        assert_eq!(
            last_line(&failure),
            "required flag(s) \"ninja-one-base-url\", \"ninja-one-client-id\", \"ninja-one-client-secret\" not set"
        );
    }
}

#[test]
fn a_secret_is_read_from_a_file_and_again_when_it_rotates() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("secret");
    fs::write(&path, "first\n\n").unwrap();
    let env = [NINJA_ONE[0], NINJA_ONE[1], ("BATON_NINJA_ONE_CLIENT_SECRET_FILE", path.to_str().unwrap())];
    let done = run_in(directory.path(), "serve", &env).unwrap();
    let secret = &done.settings.require_ninja_one().unwrap().client_secret;
    assert_eq!(secret.value.expose_secret(), "first\n");
    assert_eq!(secret.file.as_deref(), Some(path.as_path()));
    fs::write(&path, "second\r\n").unwrap();
    assert_eq!(secret.read_again().unwrap().value.expose_secret(), "second");
    fs::write(&path, "\n").unwrap();
    assert!(matches!(secret.read_again(), Err(SecretFileError::Empty(_))));

    let both = [&env[..], &[NINJA_ONE[2]]].concat();
    assert_eq!(
        run_in(directory.path(), "serve", &both).unwrap_err().text,
        "BATON_NINJA_ONE_CLIENT_SECRET and BATON_NINJA_ONE_CLIENT_SECRET_FILE are both set; keep one of them"
    );
    fs::remove_file(&path).unwrap();
    let failure = run_in(directory.path(), "serve", &env).unwrap_err();
    assert!(
        failure.text.starts_with("BATON_NINJA_ONE_CLIENT_SECRET_FILE: cannot read the secret file "),
        "{failure}"
    );
    assert_eq!(
        failure.text.lines().count(),
        1,
        "a secret that cannot be read is not missing as well: {failure}"
    );
}

#[test]
fn a_secret_is_in_no_debug_text_and_no_failure() {
    let line = "--client-id id --client-secret canary-1 --ninja-one-client-secret canary-2";
    let done = run(line).unwrap();
    assert!(!format!("{done:?}").contains("canary"), "{done:?}");
    assert_eq!(done.warnings.len(), 2, "{:?}", done.warnings);
    let failure = run(&format!("{line} --bogus --ninja-one-client-secrt=canary-3")).unwrap_err();
    assert!(!failure.text.contains("canary"), "{failure}");
}

#[test]
fn the_config_file_is_checked_but_need_not_be_there() {
    let directory = TempDir::new().unwrap();
    let with =
        |name: &str| run_in(directory.path(), "", &[&NINJA_ONE[..], &[("BATON_CONFIG_PATH", name)]].concat());
    let written = |text: &str| {
        fs::write(directory.path().join("c.yml"), text).unwrap();
        with("c.yml")
    };
    assert_eq!(with("c.json").unwrap_err().text, "expected config file to have .yaml or .yml extension");
    let missing = with("missing.yaml").unwrap();
    assert_eq!(missing.warnings.len(), 1);
    assert!(missing.warnings[0].starts_with("BATON_CONFIG_PATH: cannot read "), "{:?}", missing.warnings);
    assert!(run("").unwrap().warnings.is_empty(), "the default file may be missing");

    let done = written(
        "provisioning: true\nhttp-timeout-seconds: 20\nsync-resource-types: [user, role]\nevent-feed: true\n",
    )
    .unwrap();
    assert!(done.settings.provisioning && done.warnings.is_empty());
    assert_eq!(done.settings.selection.resource_types, ["user", "role"]);
    assert!(matches!(done.settings.one_shot, Some(OneShot::Events { .. })));
    assert_eq!(
        written("sync-resource-types: user,role\n").unwrap().settings.selection.resource_types,
        ["user", "role"]
    );
    assert_eq!(written("\n").unwrap().settings.file, Path::new("sync.c1z"));
    assert_eq!(written("# nothing\nfile:\n").unwrap().settings.file, Path::new("sync.c1z"));

    let unknown = written("provisionning: true\n").unwrap().warnings;
    assert!(unknown[0].ends_with("unknown key \"provisionning\" is ignored"), "{unknown:?}");
    for (text, end) in [
        ("[1, 2]", ""),
        ("{", ""),
        ("ninja-one:\n  base-url: eu\n", "ninja-one: a map is not a value here; the file is flat"),
        ("file: [a]\n", "file takes one value, not a list"),
        (
            "ninja-one-client-id: 0123\n",
            "ninja-one-client-id: YAML reads this value as a number or bool; put it in quotes",
        ),
        (
            "client-secret: 1e6 # a comment\n",
            "client-secret: YAML reads this value as a number or bool; put it in quotes",
        ),
    ] {
        let failure = written(text).expect_err(text);
        assert_eq!(failure.exit_code, 2);
        assert!(failure.text.starts_with("config file ") && failure.text.ends_with(end), "{text}: {failure}");
    }
    assert!(written("ninja-one-client-id: 1234\n").is_ok(), "a plain number is its own text");
    let bad = written("provisioning: maybe\n").unwrap_err();
    assert!(bad.text.contains("c.yml: invalid argument \"maybe\" for \"-p, --provisioning\" flag"), "{bad}");
}

#[test]
fn a_failure_repeats_the_warnings_that_explain_it() {
    let empty = TempDir::new().unwrap();
    let failure = run_in(empty.path(), "", &[("BATON_CONFIG_PATH", "gone.yaml")]).unwrap_err();
    assert!(failure.text.starts_with("warning: BATON_CONFIG_PATH: cannot read "), "{failure}");
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
fn a_line_break_at_the_end_of_a_credential_is_pointed_out() {
    let warnings = run_with("", &[("BATON_NINJA_ONE_CLIENT_ID", "an-id\n")]).unwrap().warnings;
    assert_eq!(
        warnings,
        ["BATON_NINJA_ONE_CLIENT_ID begins or ends with white space, which is taken as part of the value"]
    );
}

#[test]
fn a_setting_without_effect_says_so() {
    let warnings = run_with("", &[("BATON_PARALLEL_SYNC", "true")]).unwrap().warnings;
    assert_eq!(warnings, ["--parallel-sync has no effect: it is deprecated; --workers is its successor"]);
}

#[test]
fn the_table_is_consistent() {
    let mut seen = BTreeSet::new();
    for setting in all() {
        assert!(
            seen.insert((setting.name, setting.only.first().map(|verb| verb.word()))),
            "{} twice",
            setting.name
        );
        for twin in all().filter(|twin| twin.name == setting.name) {
            assert_eq!(twin.kind, setting.kind, "{}: the splitter cannot tell its twins apart", setting.name);
            assert!(
                std::ptr::eq(twin, setting) || twin.only.iter().all(|verb| !setting.serves(*verb)),
                "{} is ambiguous",
                setting.name
            );
        }
        if !setting.default.is_empty() {
            let value = Value::read(setting, setting.default).expect(setting.name);
            assert_eq!(value.broken_rule(setting), None, "the default of {}", setting.name);
        }
        assert!(!setting.help.ends_with('.') && !setting.help.is_empty(), "{}", setting.name);
        assert!(
            setting.kind != Kind::Bool || setting.default.is_empty(),
            "{}: a bool is false at first",
            setting.name
        );
        assert!(setting.place != Place::FlagOnly || !setting.only.is_empty(), "{}", setting.name);
    }
}

#[test]
fn every_setting_reaches_the_typed_settings() {
    let mut read = BTreeSet::new();
    for verb in Verb::TYPED.into_iter().chain([Verb::Run]) {
        let found = Layers {
            verb,
            arguments: &Default::default(),
            env: &BTreeMap::new(),
            file: &Default::default(),
            cwd: Path::new("."),
            problems: &mut Default::default(),
            warnings: &mut Vec::new(),
        }
        .resolve();
        let words = if verb == Verb::Show { vec!["stats".into()] } else { vec!["bash".into()] };
        let words =
            if matches!(verb, Verb::Show | Verb::Diff | Verb::Completion) { words } else { Vec::new() };
        assert!(Command::build(verb, &words, &found, &mut Default::default()).is_some(), "{verb:?}");
        Settings::build(&found, &mut Vec::new());
        relation::check(verb, &found, &mut Default::default());
        read.extend(found.read.take());
    }
    // Read only once an operation is chosen, or all credentials are there.
    let conditional = [
        "ninja-one-",
        "directory-max-age",
        "http-timeout-seconds",
        "c1-api-host",
        "host-id",
        "task-concurrency",
        "get-tasks",
        "keep-previous-sync-c1z",
        "grant-principal-type",
        "event-feed-",
        "create-account-resource-type",
        "invoke-action-",
        "list-action-schemas-resource-type",
    ];
    for setting in all().filter(|setting| setting.without_effect.is_none()) {
        let known =
            read.contains(setting.name) || conditional.iter().any(|start| setting.name.starts_with(start));
        assert!(known, "{} changes nothing", setting.name);
    }
}

#[test]
fn the_schema_has_the_official_fields_in_the_official_order() {
    let json: serde_json::Value = serde_json::from_str(&schema_json()).unwrap();
    let names: Vec<_> =
        json["fields"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "log-level",
            "log-level-debug-expires-at",
            "session-store-maximum-size",
            "otel-collector-endpoint",
            "otel-collector-endpoint-tls-cert-path",
            "otel-collector-endpoint-tls-cert",
            "otel-collector-endpoint-tls-insecure",
            "otel-tracing-disabled",
            "otel-logging-disabled",
            "health-check",
            "health-check-port",
            "health-check-bind-address",
            "http-timeout-seconds",
            "ninja-one-base-url",
            "ninja-one-client-id",
            "ninja-one-client-secret",
            "ninja-one-scope",
        ]
    );
    let field = |name: &str| &json["fields"][names.iter().position(|known| *known == name).unwrap()];
    assert_eq!(
        field("http-timeout-seconds")["intField"],
        serde_json::json!({"defaultValue": "300", "rules": {"lte": "1800", "gte": "1"}})
    );
    assert_eq!(field("health-check")["boolField"], serde_json::json!({}));
    assert_eq!(field("log-level")["isOps"], true);
    let secret = field("ninja-one-client-secret");
    assert_eq!((&secret["isSecret"], &secret["isRequired"]), (&true.into(), &true.into()));
    assert_eq!(secret["stringField"], serde_json::json!({"rules": {"isRequired": true}}));
    assert_eq!(field("ninja-one-scope")["stringField"]["defaultValue"], "monitoring management");
    assert!(schema_json().starts_with("{\n  \"fields\": [\n    {\n      \"name\": \"log-level\","));
}

#[test]
fn the_reference_names_every_setting_and_no_secret_default() {
    let text = reference_markdown();
    for setting in all() {
        assert!(
            text.contains(&format!("`{}`", setting.variable().unwrap_or_else(|| setting.flag()))),
            "{}",
            setting.name
        );
    }
    assert!(text.contains("| `-f, --file` | `BATON_FILE` | path | `sync.c1z` |"), "{text}");
}

#[test]
fn completions_know_commands_and_flags() {
    clap_command().debug_assert();
    for (_, shell) in command::Shell::ALL {
        let script = completion(shell);
        assert!(script.contains("doctor") && script.contains("ninja-one-base-url"), "{shell:?}");
    }
}

proptest::proptest! {
    #[test]
    fn no_command_line_makes_the_parser_panic(words in proptest::collection::vec("(-{0,3}[a-z=,\"]{0,8}|--file|-p|show|--sync-resources)", 0..6), value in ".{0,12}") {
        let args = std::iter::once(NAME.to_owned()).chain(words).map(OsString::from);
        let env: BTreeMap<String, String> = all().filter_map(setting::Setting::variable).map(|name| (name, value.clone())).collect();
        let _ = parse(args, &env, Path::new("/nonexistent"));
    }
}
