//! `doctor`: one line for every check, what was seen and what to change, and not one write.

use baton_ninja_one::simulator::{self, Fault};
use serde_json::Value;

use crate::support::{World, binary::Binary, small_tenant};

/// The checks in their order, for a host on loopback.
const CHECKS: [&str; 16] = [
    "configuration",
    "dns",
    "connection",
    "clock",
    "token",
    "scope monitoring",
    "scope management",
    "scope control",
    "users",
    "technicians",
    "end users",
    "user roles",
    "organizations",
    "devices",
    "directory",
    "provisioning",
];

/// What the doctor says.
struct Examined {
    code: Option<i32>,
    found: Vec<Value>,
}

impl Examined {
    async fn by(binary: Binary) -> Self {
        let output = binary.output().await;
        let found = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
        Self { code: output.status.code(), found }
    }

    async fn of(world: &World, arguments: &[&str]) -> Self {
        let arguments = [&["doctor", "--json"], arguments].concat();
        let examined = Self::by(Binary::new(&arguments).against(world)).await;
        assert!(world.ninja_one.writes().is_empty(), "the doctor wrote: {:?}", world.ninja_one.writes());
        assert!(world.ninja_one.broken_rules().is_empty(), "{:?}", world.ninja_one.forbidden());
        examined
    }

    fn line(&self, check: &str) -> &Value {
        self.found.iter().find(|line| line["check"] == check).unwrap_or_else(|| panic!("no line for {check}"))
    }

    /// The outcome and what was seen.
    fn told(&self, check: &str) -> (&str, &str) {
        let line = self.line(check);
        (line["outcome"].as_str().unwrap(), line["saw"].as_str().unwrap())
    }

    fn advice(&self, check: &str) -> &str {
        self.line(check)["change"].as_str().unwrap()
    }

    /// The checks that did not end well, with how they ended.
    fn unwell(&self) -> Vec<(&str, &str)> {
        let all = self
            .found
            .iter()
            .map(|line| (line["check"].as_str().unwrap(), line["outcome"].as_str().unwrap()));
        all.filter(|(_, outcome)| *outcome != "ok").collect()
    }
}

#[tokio::test]
async fn a_good_set_up_is_in_order_line_by_line() {
    let world = World::with(small_tenant().device(41, "PC", 1)).await;
    let examined = Examined::of(&world, &[]).await;
    assert_eq!((examined.unwell(), examined.code), (vec![], Some(0)));
    let checks: Vec<_> = examined.found.iter().map(|line| line["check"].as_str().unwrap()).collect();
    assert_eq!(checks, CHECKS);
    for (check, saw) in [
        ("configuration", world.ninja_one.url()),
        ("users", "5 users, 1 of them System Administrators".into()),
        ("technicians", "3 technicians".into()),
        ("end users", "2 end users".into()),
        ("user roles", "2 roles with 3 members".into()),
        ("organizations", "1 organizations".into()),
        ("devices", "1 devices".into()),
        ("directory", "the lists fit together: 5 accounts, 2 roles".into()),
        ("scope control", "the app has it".into()),
        ("provisioning", "off".into()),
    ] {
        assert!(examined.told(check).1.contains(&saw), "{check}: {:?}", examined.told(check));
    }
}

#[tokio::test]
async fn a_person_reads_lines_with_advice_and_a_verdict() {
    let world = World::small().await;
    world.ninja_one.faults().on("GET", "/v2/user/roles", Fault::MissingScope { status: 401 });
    let output = Binary::new(&["doctor"]).against(&world).output().await;
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap()), (Some(1), String::new()));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert!(lines.iter().any(|line| line.starts_with("ok    users                 5 users")), "{text}");
    let failed = lines.iter().position(|line| line.starts_with("FAIL  user roles")).unwrap();
    assert!(lines[failed + 1..failed + 4].iter().any(|line| line.contains("-> ")), "{text}");
    assert!(text.contains("scopes monitoring and management"), "{text}");
    assert!(lines.last().unwrap().starts_with("a sync cannot work like this: 2 failed"), "{text}");
    assert!(lines.iter().all(|line| line.chars().count() <= 100), "{text}");
}

#[tokio::test]
async fn a_scope_too_many_is_named_and_the_rest_is_checked_all_the_same() {
    let mut options = simulator::Options::with(small_tenant());
    options.granted_scopes = vec!["monitoring".into()];
    let world = World::of(options).await;
    let examined = Examined::of(&world, &[]).await;
    assert_eq!(examined.code, Some(1));
    assert_eq!(examined.unwell(), [("token", "fail"), ("scope management", "fail")]);
    assert!(examined.advice("scope management").contains("leave it out of --ninja-one-scope"));
    assert_eq!(examined.told("users").0, "ok");

    let fewer = Examined::of(&world, &["--ninja-one-scope", "monitoring", "--provisioning"]).await;
    assert_eq!(fewer.code, Some(0), "a sync works with monitoring alone");
    assert_eq!(fewer.unwell(), [("scope management", "warn"), ("provisioning", "warn")]);
    assert!(fewer.told("provisioning").1.contains("lacks the scope management"));
}

#[tokio::test]
async fn refused_credentials_are_told_without_the_secret() {
    let world = World::small().await;
    let wrong = Binary::new(&["doctor", "--json"])
        .against(&world)
        .env("BATON_NINJA_ONE_CLIENT_SECRET", "canary-wrong-secret");
    let output = wrong.output().await;
    let (stdout, stderr) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(!stdout.contains("canary") && !stderr.contains("canary"), "{stdout}{stderr}");
    let examined = Examined { code: output.status.code(), found: serde_json::from_str(&stdout).unwrap() };
    assert_eq!(examined.code, Some(1));
    assert_eq!(examined.told("connection").0, "ok");
    assert_eq!(examined.told("token").0, "fail");
    assert!(examined.advice("token").contains("--ninja-one-client-secret"));
    assert_eq!(examined.found.len(), CHECKS.len(), "every line is there");
    assert_eq!(examined.told("scope control").0, "skip");
    assert_eq!(examined.told("directory"), ("skip", "there is no token"));
    assert_eq!(
        world.ninja_one.count("POST", "/ws/oauth/token"),
        1,
        "refused credentials are not tried again"
    );
}

#[tokio::test]
async fn a_client_of_another_region_is_told_so() {
    let world = World::small().await;
    let examined = Examined::of(&world, &["--ninja-one-client-id", "of-another-region"]).await;
    assert_eq!((examined.code, examined.told("token").0), (Some(1), "fail"));
    assert!(examined.advice("token").contains("--ninja-one-base-url"), "{}", examined.advice("token"));
}

#[tokio::test]
async fn a_host_that_is_not_there_fails_at_the_connection() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let at = |url: String| {
        Binary::new(&["doctor", "--json"])
            .env("BATON_NINJA_ONE_BASE_URL", &url)
            .env("BATON_NINJA_ONE_CLIENT_ID", "some-id")
            .env("BATON_NINJA_ONE_CLIENT_SECRET", "canary-secret")
    };
    let examined = Examined::by(at(format!("http://127.0.0.1:{port}"))).await;
    assert_eq!(examined.code, Some(1));
    assert_eq!(examined.told("connection").0, "fail");
    assert!(examined.advice("connection").contains("firewall"), "{}", examined.advice("connection"));
    assert_eq!(examined.told("clock").0, "skip");
    assert_eq!(examined.found.len(), CHECKS.len());
    // The name is reserved: nobody can have it.
    let examined = Examined::by(at(format!("https://nobody.invalid:{port}"))).await;
    assert_eq!((examined.code, examined.told("dns").0), (Some(1), "fail"));
    assert!(examined.told("dns").1.starts_with("nobody.invalid: "));
}

#[tokio::test]
async fn a_url_that_is_none_is_a_finding_and_not_a_riddle() {
    let examined = Examined::by(
        Binary::new(&["doctor", "--json"])
            .env("BATON_NINJA_ONE_BASE_URL", "nowhere")
            .env("BATON_NINJA_ONE_CLIENT_ID", "some-id")
            .env("BATON_NINJA_ONE_CLIENT_SECRET", "canary-secret"),
    )
    .await;
    assert_eq!((examined.code, examined.told("configuration").0), (Some(1), "fail"));
    assert!(examined.told("configuration").1.contains("ninja-one-base-url"));
}

#[tokio::test]
async fn one_list_that_fails_leaves_the_others_checked() {
    let world = World::small().await;
    world.ninja_one.faults().on("GET", "/v2/user/end-users", Fault::MissingScope { status: 403 });
    world.ninja_one.faults().on("GET", "/v2/devices", Fault::NotFound);
    let examined = Examined::of(&world, &[]).await;
    assert_eq!(examined.code, Some(0), "a sync works without these");
    assert_eq!(examined.unwell(), [("end users", "warn"), ("devices", "warn")]);
    assert!(examined.told("end users").1.contains("HTTP 403"), "{:?}", examined.told("end users"));

    world.ninja_one.faults().clear();
    world.ninja_one.faults().on("GET", "/v2/organizations", Fault::MissingScope { status: 401 });
    let examined = Examined::of(&world, &[]).await;
    assert_eq!((examined.unwell(), examined.code), (vec![("organizations", "fail")], Some(1)));
}

#[tokio::test]
async fn lists_that_cannot_be_true_are_a_failure() {
    let world = World::small().await;
    world.ninja_one.faults().on("GET", "/v2/users", Fault::EmptyList);
    let examined = Examined::of(&world, &[]).await;
    assert_eq!(examined.code, Some(1));
    assert_eq!(examined.unwell(), [("users", "fail"), ("directory", "fail")]);
    world.ninja_one.faults().clear();
    world.ninja_one.faults().on("GET", "/v2/users", Fault::Truncated(2));
    let examined = Examined::of(&world, &[]).await;
    assert_eq!(examined.unwell(), [("directory", "fail")]);
}

#[tokio::test]
async fn missing_settings_are_named_all_at_once() {
    let output = Binary::new(&["doctor"]).output().await;
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    for name in ["ninja-one-base-url", "ninja-one-client-id", "ninja-one-client-secret"] {
        assert!(told.contains(name), "{told}");
    }
}
