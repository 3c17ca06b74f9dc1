//! What is wrong, in the reference's exact words and all at once.

use super::*;

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
fn a_failure_repeats_the_warnings_that_explain_it() {
    let empty = TempDir::new().unwrap();
    let failure = run_in(empty.path(), "", &[("BATON_CONFIG_PATH", "gone.yaml")]).unwrap_err();
    assert!(failure.text.starts_with("warning: BATON_CONFIG_PATH: cannot read "), "{failure}");
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

proptest::proptest! {
    #[test]
    fn no_command_line_makes_the_parser_panic(words in proptest::collection::vec("(-{0,3}[a-z=,\"]{0,8}|--file|-p|show|--sync-resources)", 0..6), value in ".{0,12}") {
        let args = std::iter::once(NAME.to_owned()).chain(words).map(OsString::from);
        let env: BTreeMap<String, String> = all().filter_map(setting::Setting::variable).map(|name| (name, value.clone())).collect();
        let _ = parse(args, &env, Path::new("/nonexistent"));
    }
}
