//! Where a value comes from: flag, environment, secret file, config file, default.

use super::*;

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
