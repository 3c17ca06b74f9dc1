//! What follows from the table: the schema, the reference, the typed settings.

use super::*;

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
        "control-plane-ca-file",
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
