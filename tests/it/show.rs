//! `show`: what is in a file, in names, complete, and the same in every form.

use std::path::{Path, PathBuf};

use baton_ninja_one::{
    baton::{
        c1z::{NewSync, Options, Store, SyncType},
        ksuid::ksuid,
        model::{self, Built},
    },
    wire::v2,
};
use serde_json::{Value, json};

use crate::support::{World, binary::Binary, small_tenant};

/// A file in a folder of its own.
struct Synced {
    folder: tempfile::TempDir,
}

/// What a command did.
struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Synced {
    async fn from(world: &World) -> Self {
        let synced = Self { folder: tempfile::tempdir().unwrap() };
        let path = synced.path();
        let output = Binary::new(&["-f", path.to_str().unwrap()]).against(world).output().await;
        assert!(output.status.success(), "{output:?}");
        synced
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("sync.c1z")
    }

    async fn show(&self, arguments: &[&str]) -> Ran {
        show(&self.path(), arguments).await
    }

    async fn show_within(&self, columns: u16, arguments: &[&str]) -> Ran {
        ran(shown(&self.path(), arguments).env("COLUMNS", &columns.to_string())).await
    }

    async fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.show(&[arguments, &["--json"]].concat()).await;
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    }
}

async fn show(path: &Path, arguments: &[&str]) -> Ran {
    ran(shown(path, arguments)).await
}

fn shown(path: &Path, arguments: &[&str]) -> Binary {
    Binary::new(&[&["show", "-f", path.to_str().unwrap()], arguments].concat())
}

async fn ran(binary: Binary) -> Ran {
    let output = binary.output().await;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The rows' values under these keys.
fn columns(rows: &Value, keys: &[&str]) -> Vec<Vec<Value>> {
    let row = |row: &Value| keys.iter().map(|key| row.get(key).expect("a stable key").clone()).collect();
    rows.as_array().unwrap().iter().map(row).collect()
}

#[tokio::test]
async fn a_table_that_is_piped_can_be_searched_line_by_line() {
    let long = "an.address.that.is.longer.than.any.column.that.has.to.share@a.department.of.example.org";
    let world = World::with(small_tenant().technician(14, "Lou", "West", long)).await;
    let synced = Synced::from(&world).await;
    let line = |text: &str| text.lines().any(|line| line.contains("Lou West") && line.contains(long));
    assert!(line(&synced.show(&["resources"]).await.stdout));

    let narrow = synced.show_within(60, &["resources"]).await;
    assert!(narrow.code == Some(0) && !line(&narrow.stdout), "{}", narrow.stdout);
}

#[tokio::test]
async fn every_view_tells_what_the_sync_found() {
    let synced = Synced::from(&World::small().await).await;
    let users = synced.json(&["resources", "--type", "user"]).await;
    assert_eq!(
        columns(&users, &["id", "name", "email", "kind", "status", "mfa", "administrator"]),
        [
            json!(["3", "Root Admin", "root@example.org", "technician", "enabled", false, true]),
            json!(["11", "Theo South", "theo@example.org", "technician", "enabled", false, false]),
            json!(["12", "Tess North", "tess@example.org", "technician", "enabled", false, false]),
            json!(["21", "Una East", "una@example.com", "end_user", "enabled", false, false]),
            json!(["22", "Umar West", "umar@example.com", "end_user", "enabled", false, false]),
        ]
        .map(|row| row.as_array().unwrap().clone())
    );
    assert_eq!(users[0]["profile"]["user_type"], "technician");
    let grants = synced.json(&["grants"]).await;
    assert_eq!(
        columns(&grants, &["principal", "email", "holds", "source", "immutable", "grant_id"]),
        [
            json!(["Una East", "una@example.com", "Portal", "DIRECT", false, "role:5:assigned:user:21"]),
            json!(["Theo South", "theo@example.org", "Helpdesk", "SCIM", false, "role:7:assigned:user:11"]),
            json!(["Tess North", "tess@example.org", "Helpdesk", "DIRECT", false, "role:7:assigned:user:12"]),
            json!([
                "Root Admin",
                "root@example.org",
                "System Administrator",
                null,
                true,
                "role:system-administrator:assigned:user:3"
            ]),
        ]
        .map(|row| row.as_array().unwrap().clone())
    );
    let entitlements = synced.json(&["entitlements"]).await;
    assert_eq!(
        columns(&entitlements, &["resource", "slug", "grantable_to", "immutable", "holders"]),
        [
            json!(["Portal", "assigned", ["user"], false, 1]),
            json!(["Helpdesk", "assigned", ["user"], false, 2]),
            json!(["System Administrator", "assigned", ["user"], true, 1]),
        ]
        .map(|row| row.as_array().unwrap().clone())
    );
    let roles = synced.show(&["stats", "--type=role"]).await.stdout;
    assert!(roles.contains("3 resources, 3 entitlements and 4 grants in "), "{roles}");
    let stats = synced.json(&["stats"]).await;
    assert_eq!(
        columns(&stats, &["type", "traits", "resources", "entitlements", "grants"]),
        [json!(["role", ["role"], 3, 3, 4]), json!(["user", ["user"], 5, 0, 0])]
            .map(|row| row.as_array().unwrap().clone())
    );
    let syncs = synced.json(&["syncs"]).await;
    assert_eq!(
        columns(&syncs, &["type", "resources", "entitlements", "grants", "shown_by_default"]),
        [json!(["full", 8, 3, 4, true]).as_array().unwrap().clone()]
    );
}

#[tokio::test]
async fn a_table_has_names_and_fits_and_logs_nothing_beside() {
    let world = World::with(small_tenant().with_user(12, |user| {
        user.first_name = "Tess \u{1b}[31m".into();
        user.last_name = "North ".repeat(40).trim().to_owned().into();
    }))
    .await;
    let synced = Synced::from(&world).await;
    for view in ["resources", "entitlements", "grants", "stats", "syncs"] {
        let ran = synced.show_within(100, &[view]).await;
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{view}");
        assert!(!ran.stdout.contains('\u{1b}'), "{view} passes an escape sequence on");
        let table: Vec<_> = ran.stdout.lines().filter(|line| line.starts_with(['│', '┌', '╞'])).collect();
        assert!(table.len() > 2, "{view}: {}", ran.stdout);
        assert!(table.iter().all(|line| line.chars().count() <= 100), "{view}: {}", ran.stdout);
    }
    let grants = synced.show(&["grants"]).await.stdout;
    assert!(grants.contains("Theo South") && grants.contains("Helpdesk"), "{grants}");
    assert!(!grants.contains("role:7") && grants.contains("4 grants in "), "{grants}");
}

#[tokio::test]
async fn access_finds_a_user_by_id_e_mail_or_name_and_says_everything() {
    let world = World::with(
        small_tenant().with_user(3, |user| user.mfa_configured = true.into()).member(7, 3, "DIRECT"),
    )
    .await;
    let synced = Synced::from(&world).await;
    let mut answers = Vec::new();
    for user in ["3", "user:3", "ROOT@example.org", "root admin"] {
        answers.push(synced.show(&["access", user]).await.stdout);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    let words: Vec<String> =
        answers[0].lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in [
        "Root Admin",
        "id user:3",
        "e-mail root@example.org",
        "status enabled",
        "second factor yes",
        "System Administrator yes",
        "user type technician",
        "│ Helpdesk role 7 DIRECT │",
        "│ System Administrator role system-administrator fixed │",
    ] {
        assert!(words.iter().any(|w| w == line), "{line:?} is missing in\n{}", answers[0]);
    }
    let found = synced.json(&["access", "root@example.org"]).await;
    assert_eq!(found["user"]["name"], "Root Admin");
    let held = columns(&found["access"], &["resource"]);
    assert_eq!(held, [vec![json!("Helpdesk")], vec![json!("System Administrator")]]);
    let nothing = synced.show(&["access", "umar@example.com"]).await;
    assert!(nothing.stdout.contains("no grants in "), "{}", nothing.stdout);
}

#[tokio::test]
async fn a_name_that_nobody_has_is_answered_with_those_that_are_near() {
    let synced = Synced::from(&World::small().await).await;
    for (typed, near) in
        [("tess", "tess@example.org"), ("Tes Nort", "Tess North"), ("una@exmaple.com", "una@example.com")]
    {
        let ran = synced.show(&["access", typed]).await;
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{typed}");
        assert!(ran.stderr.contains("did you mean") && ran.stderr.contains(near), "{typed}: {}", ran.stderr);
    }
    let ran = synced.show(&["access", "zzzz"]).await;
    assert_eq!(ran.stderr, "there is no user \"zzzz\"; name it by its id, its e-mail or its name\n");
    let ran = synced.show(&["grants", "--role", "Help desk"]).await;
    assert!(ran.stderr.starts_with("role: there is no role \"Help desk\"; did you mean role:7 (Helpdesk)?"));
    let ran = synced.show(&["grants", "--type", "group"]).await;
    assert_eq!(ran.stderr, "type: there is no resource type \"group\"; there is role and user\n");
    let ran = synced.show(&["stats", "--sync-id", "other"]).await;
    assert!(ran.code == Some(2) && ran.stderr.contains("holds no sync other; it has "), "{}", ran.stderr);
}

#[tokio::test]
async fn a_name_that_several_have_is_not_guessed() {
    let tenant =
        small_tenant().technician(13, "Tess", "North", "other@example.org").role(8, "Helpdesk", "END_USER");
    let synced = Synced::from(&World::with(tenant).await).await;
    let ran = synced.show(&["access", "tess north"]).await;
    assert_eq!(ran.code, Some(2));
    assert_eq!(
        ran.stderr,
        "\"tess north\" may be any of 2 users: user:12 (Tess North, tess@example.org) and \
         user:13 (Tess North, other@example.org); name one by its id\n"
    );
    let ran = synced.show(&["grants", "--role", "Helpdesk"]).await;
    assert!(ran.stderr.contains("role:7 (Helpdesk) and role:8 (Helpdesk)"), "{}", ran.stderr);
    assert_eq!(synced.json(&["grants", "--role", "role:7"]).await.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn filters_narrow_a_view_and_one_that_means_nothing_is_refused() {
    let synced = Synced::from(&World::small().await).await;
    let who = async |arguments: &[&str]| {
        let rows = synced.json(&[&["grants"], arguments].concat()).await;
        columns(&rows, &["principal"]).concat()
    };
    assert_eq!(who(&["--role", "helpdesk"]).await, ["Theo South", "Tess North"]);
    assert_eq!(who(&["--user", "tess@example.org"]).await, ["Tess North"]);
    assert_eq!(who(&["--user", "11", "--role", "7"]).await, ["Theo South"]);
    assert!(who(&["--user", "11", "--role", "5"]).await.is_empty());
    assert!(who(&["--type", "user"]).await.is_empty(), "no grant is on a user");
    let held = synced.json(&["entitlements", "--user", "una east"]).await;
    assert_eq!(columns(&held, &["resource"]).concat(), ["Portal"]);
    let one = synced.json(&["resources", "--role", "7", "--user", "12"]).await;
    assert_eq!(columns(&one, &["name"]).concat(), ["Tess North", "Helpdesk"]);
    for (arguments, flag) in [
        (["syncs", "--type", "role"], "type"),
        (["stats", "--user", "11"], "user"),
        (["syncs", "--role", "7"], "role"),
    ] {
        let ran = synced.show(&arguments).await;
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(ran.stderr.starts_with(&format!("{flag}: show {}", arguments[0])), "{}", ran.stderr);
    }
}

#[tokio::test]
async fn csv_has_stable_headings_and_no_formulas() {
    let world =
        World::with(small_tenant().with_user(21, |user| user.first_name = "=HYPERLINK(\"x\")".into())).await;
    let synced = Synced::from(&world).await;
    let csv = synced.show(&["grants", "--csv", "--user", "21"]).await.stdout;
    let lines: Vec<_> = csv.lines().collect();
    assert_eq!(
        lines[0],
        "principal_type,principal_id,principal,email,status,holds,resource_type,resource_id,resource,entitlement_id,\
         entitlement,grant_id,how,source,through,immutable"
    );
    assert_eq!(
        lines[1],
        "user,21,\"'=HYPERLINK(\"\"x\"\") East\",una@example.com,enabled,Portal,role,5,Portal,role:5:assigned,assigned,\
         role:5:assigned:user:21,DIRECT,DIRECT,,false"
    );
    assert_eq!(lines.len(), 2);
}

#[tokio::test]
async fn a_reader_that_has_seen_enough_is_no_error() {
    let synced = Synced::from(&World::small().await).await;
    for arguments in [["resources", "--json"], ["grants", "--csv"], ["stats", "--type=role"]] {
        let path = synced.path();
        let all = [&["show", "-f", path.to_str().unwrap()][..], &arguments].concat();
        let output = Binary::new(&all).without_reader().output().await;
        assert_eq!(
            (output.status.code(), String::from_utf8(output.stderr).unwrap()),
            (Some(0), String::new())
        );
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_shown_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.c1z");
    for (bytes, why) in [
        (&b"C1Z3\0rest"[..], "is a .c1z file of version 3, and only version 1 is supported"),
        (&b"no such thing"[..], "is not a .c1z file"),
        (&b""[..], "is empty"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let ran = show(&path, &["resources"]).await;
        assert_eq!(ran.code, Some(2));
        assert!(ran.stderr.contains(why) && ran.stderr.contains("other.c1z"), "{}", ran.stderr);
    }
    let ran = show(&folder.path().join("missing.c1z"), &["syncs"]).await;
    assert!(ran.code == Some(2) && ran.stderr.contains("missing.c1z"), "{}", ran.stderr);
}

#[tokio::test]
async fn what_comes_through_other_entitlements_is_told_with_the_way() {
    let id = |kind: &str, id: &str| v2::ResourceId {
        resource_type: kind.into(),
        resource: id.into(),
        ..Default::default()
    };
    let named = |kind: &str, key: &str, name: &str| Built {
        id: id(kind, key),
        display_name: name.into(),
        ..Built::default()
    };
    let user_type = v2::ResourceType { id: "user".into(), display_name: "User".into(), ..Default::default() };
    let team = model::role(named("team", "1", "Team One"));
    let role = model::role(named("role", "1", "Keys"));
    let user = model::user(named("user", "1", "Ann"), v2::UserTrait::default());
    let rights = [
        model::assignment(&team, "member", std::slice::from_ref(&user_type)),
        model::assignment(&role, "reads", std::slice::from_ref(&user_type)),
        model::assignment(&role, "writes", std::slice::from_ref(&user_type)),
    ];
    let mut derived = model::grant(&id("role", "1"), "writes", &id("user", "1"));
    let source = v2::grant_sources::GrantSource { is_direct: false };
    derived.sources = Some(v2::GrantSources { sources: [(rights[0].id.clone(), source)].into() });

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("expanded.c1z");
    let store = Store::open(&path, Options::default()).unwrap();
    let sync =
        NewSync { id: ksuid(std::time::SystemTime::now()), kind: SyncType::Partial, parent: String::new() };
    let mut writer = store.begin(sync).unwrap();
    let kinds = ["team", "role", "user"];
    writer.put(&kinds.map(|k| v2::ResourceType { id: k.into(), ..Default::default() })).unwrap();
    writer.put(&[team, role, user]).unwrap();
    writer.put(&rights).unwrap();
    writer.put(&[derived]).unwrap();
    writer.finish(false, &|| false).unwrap();

    let ran = show(&path, &["access", "ann"]).await;
    let words = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("│ Keys: writes role 1 through Team One │"), "{}", ran.stdout);
    assert!(words.contains("status unknown") && words.contains("second factor unknown"), "{}", ran.stdout);
    assert!(ran.stderr.contains("is not a full one but partial"), "{}", ran.stderr);
}
