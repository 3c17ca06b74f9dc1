//! `diff`: who gained and lost what, in words and in data, and an exit code for pipelines.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use baton_ninja_one::simulator::{Tenant, User, UserKind};
use serde_json::{Value, json};

use crate::support::{World, binary::Binary, small_tenant};

/// A NinjaOne and files that it is synced into.
struct History {
    world: World,
    folder: tempfile::TempDir,
}

/// What a command did.
struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ran {
    /// The lines that tell differences.
    fn changes(&self) -> Vec<&str> {
        self.stdout.lines().filter(|line| line.starts_with(['+', '-', '~'])).collect()
    }
}

impl History {
    async fn of(tenant: Tenant) -> Self {
        Self { world: World::with(tenant).await, folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    async fn sync(&self, file: &str) {
        let path = self.path(file);
        let output = Binary::new(&["-f", path.to_str().unwrap()]).against(&self.world).output().await;
        assert!(output.status.success(), "{output:?}");
    }

    /// Two syncs into one file, with a change in between.
    async fn change(tenant: Tenant, change: impl FnOnce(&mut Tenant)) -> Self {
        let history = Self::of(tenant).await;
        history.sync("one.c1z").await;
        history.world.ninja_one.with_tenant(change);
        history.sync("one.c1z").await;
        history
    }

    /// Arguments that end in `.c1z` are files of this history.
    async fn diff(&self, arguments: &[&str]) -> Ran {
        let named = |argument: &&str| match argument.strip_suffix(".c1z") {
            Some(_) => self.path(argument).to_str().unwrap().to_owned(),
            None => (*argument).to_owned(),
        };
        let arguments: Vec<String> = ["diff"].iter().chain(arguments).map(named).collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = Binary::new(&arguments).output().await;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// Something of everything.
fn shake_up(tenant: &mut Tenant) {
    tenant.find_role_mut(7).unwrap().members.retain(|member| member.user != 11);
    tenant.users.get_mut(3).unwrap().administrator = false.into();
    tenant.users.get_mut(12).unwrap().administrator = true.into();
    tenant.users.get_mut(21).unwrap().enabled = false.into();
    tenant.users.get_mut(21).unwrap().phone = "+1555".into();
    tenant.remove_user(22);
    tenant.users.insert(User::new(UserKind::Technician, 30, "Nora", "New", "nora@example.org"));
    let next = std::mem::take(tenant).role(9, "Night shift", "TECHNICIAN").member(9, 30, "DIRECT");
    *tenant = next;
}

#[tokio::test]
async fn what_changed_is_told_in_words_by_user() {
    let history = History::change(small_tenant(), shake_up).await;
    let ran = history.diff(&["one.c1z"]).await;
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""));
    assert_eq!(
        ran.changes(),
        [
            "+ Nora New: account created",
            "+ Nora New gained Night shift",
            "~ Root Admin is no longer a System Administrator",
            "- Root Admin lost System Administrator",
            "~ Tess North became a System Administrator",
            "+ Tess North gained System Administrator",
            "- Theo South lost Helpdesk",
            "- Umar West: account removed",
            "~ Una East was disabled",
            "~ Una East: phone is +1555, was not known",
            "+ Night shift: role created",
            "+ Night shift: entitlement role:9:assigned created",
        ]
    );
    let summary = "2 gained, 2 lost, 2 created, 1 removed, 4 changed and 1 entitlement created";
    assert!(ran.stdout.lines().last().unwrap().ends_with(summary), "{}", ran.stdout);
}

#[tokio::test]
async fn equal_syncs_are_equal_however_often_they_are_made() {
    let history = History::change(small_tenant(), |_| {}).await;
    history.sync("two.c1z").await;
    for arguments in [vec!["one.c1z"], vec!["one.c1z", "two.c1z"], vec!["two.c1z", "two.c1z"]] {
        let ran = history.diff(&arguments).await;
        assert_eq!((ran.code, ran.changes().len()), (Some(0), 0), "{}", ran.stdout);
        assert!(ran.stdout.ends_with("no difference\n"), "{}", ran.stdout);
        let json = history.diff(&[&arguments[..], &["--json"]].concat()).await;
        assert_eq!((json.code, json.stdout.as_str()), (Some(0), "[]\n"));
        let csv = history.diff(&[&arguments[..], &["--csv"]].concat()).await;
        assert_eq!((csv.code, csv.stdout.lines().count()), (Some(0), 1));
    }
}

#[tokio::test]
async fn data_has_stable_columns_and_says_the_same_as_the_words() {
    let history = History::change(small_tenant(), shake_up).await;
    let json = history.diff(&["one.c1z", "--json"]).await;
    assert_eq!(json.code, Some(1));
    let rows: Vec<Value> = serde_json::from_str(&json.stdout).unwrap();
    let told =
        |text: &str| rows.iter().find(|row| row["text"] == text).unwrap_or_else(|| panic!("{rows:#?}"));
    assert_eq!(
        *told("Nora New gained Night shift"),
        json!({
            "change": "gained", "subject_type": "user", "subject_id": "30", "subject": "Nora New",
            "email": "nora@example.org", "resource_type": "role", "resource_id": "9", "resource": "Night shift",
            "entitlement_id": "role:9:assigned", "field": null, "before": null, "after": "DIRECT",
            "text": "Nora New gained Night shift"
        })
    );
    assert_eq!(
        *told("Una East was disabled"),
        json!({
            "change": "changed", "subject_type": "user", "subject_id": "21", "subject": "Una East",
            "email": "una@example.com", "resource_type": null, "resource_id": null, "resource": null,
            "entitlement_id": null, "field": "status", "before": "enabled", "after": "disabled",
            "text": "Una East was disabled"
        })
    );
    let lost = told("Theo South lost Helpdesk");
    assert_eq!((&lost["change"], &lost["before"]), (&json!("lost"), &json!("SCIM")));
    assert_eq!(told("Umar West: account removed")["change"], "removed");

    let csv = history.diff(&["one.c1z", "--csv"]).await.stdout;
    let heading = "change,subject_type,subject_id,subject,email,resource_type,resource_id,resource,entitlement_id,field,\
                   before,after,text";
    assert_eq!(csv.lines().next().unwrap(), heading);
    assert_eq!(csv.lines().count(), rows.len() + 1);
    assert!(
        csv.contains("\nlost,user,11,Theo South,theo@example.org,role,7,Helpdesk,role:7:assigned,,SCIM,,")
    );

    let table = history.diff(&["one.c1z"]).await;
    let words: BTreeSet<_> = table.changes().into_iter().map(|line| line[2..].to_owned()).collect();
    let texts: BTreeSet<_> = rows.iter().map(|row| row["text"].as_str().unwrap().to_owned()).collect();
    assert_eq!(words, texts);
}

#[tokio::test]
async fn the_direction_is_from_the_first_to_the_second() {
    let history = History::of(small_tenant()).await;
    history.sync("old.c1z").await;
    history.world.ninja_one.with_tenant(shake_up);
    history.sync("new.c1z").await;
    let forth = history.diff(&["old.c1z", "new.c1z", "--user", "11"]).await;
    assert_eq!(forth.changes(), ["- Theo South lost Helpdesk"]);
    let back = history.diff(&["new.c1z", "old.c1z", "--user", "11"]).await;
    assert_eq!((back.code, back.changes()), (Some(1), vec!["+ Theo South gained Helpdesk"]));
    assert!(back.stderr.contains("younger"), "{}", back.stderr);
}

#[tokio::test]
async fn filters_narrow_a_comparison_to_a_user_a_role_or_a_type() {
    let history = History::change(small_tenant(), shake_up).await;
    let told = async |arguments: &[&str]| {
        let ran = history.diff(&[&["one.c1z"], arguments].concat()).await;
        (ran.code, ran.changes().iter().map(|line| (*line).to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(
        told(&["--role", "system administrator"]).await.1,
        ["- Root Admin lost System Administrator", "+ Tess North gained System Administrator"]
    );
    // Gone by now, but the older sync knows him.
    assert_eq!(told(&["--user", "umar@example.com"]).await.1, ["- Umar West: account removed"]);
    assert_eq!(
        told(&["--user", "12", "--role", "7"]).await.0,
        Some(1),
        "the user's own facts are still compared"
    );
    assert_eq!(told(&["--role", "portal"]).await, (Some(0), vec![]));
    let users = told(&["--type", "user"]).await.1;
    assert!(users.len() == 6 && users.iter().all(|line| !line.contains("gained")), "{users:?}");
    let unknown = history.diff(&["one.c1z", "--user", "nobody"]).await;
    assert_eq!((unknown.code, unknown.stdout.as_str()), (Some(2), ""));
}

#[tokio::test]
async fn a_membership_that_came_about_in_another_way_is_a_difference() {
    let history = History::change(small_tenant(), |tenant| {
        tenant.find_role_mut(7).unwrap().members[1].source = "DIRECT".into();
    })
    .await;
    let ran = history.diff(&["one.c1z"]).await;
    assert_eq!(ran.changes(), ["~ Theo South holds Helpdesk in another way: DIRECT, was SCIM"]);
    assert_eq!(ran.code, Some(1));
}

#[tokio::test]
async fn a_new_name_is_told_with_the_old_one_and_shared_names_with_their_ids() {
    let tenant = small_tenant().technician(13, "Tess", "North", "tess2@example.org").member(7, 13, "DIRECT");
    let history = History::change(tenant, |tenant| {
        tenant.users.get_mut(21).unwrap().last_name = "Weston".into();
        tenant.find_role_mut(7).unwrap().members.clear();
    })
    .await;
    let ran = history.diff(&["one.c1z"]).await;
    let told = ran.changes();
    assert!(told.contains(&"- Tess North (user:12) lost Helpdesk"), "{told:#?}");
    assert!(told.contains(&"- Tess North (user:13) lost Helpdesk"), "{told:#?}");
    assert!(told.contains(&"~ Una East is called Una Weston now"), "{told:#?}");
}

/// Makes it look as if the last sync had been cut off.
fn cut_off(path: &Path) {
    let packed = std::fs::read(path).unwrap();
    let database = path.with_extension("db");
    std::fs::write(&database, zstd::decode_all(&packed[5..]).unwrap()).unwrap();
    let connection = rusqlite::Connection::open(&database).unwrap();
    let last = "update v1_sync_runs set ended_at = null where id = (select max(id) from v1_sync_runs)";
    assert_eq!(connection.execute(last, []).unwrap(), 1);
    drop(connection);
    let plain = std::fs::read(&database).unwrap();
    std::fs::write(path, [&packed[..5], &zstd::encode_all(plain.as_slice(), 0).unwrap()].concat()).unwrap();
}

#[tokio::test]
async fn an_unfinished_sync_is_compared_only_when_it_is_asked_for() {
    let history = History::of(small_tenant()).await;
    history.sync("old.c1z").await;
    history.sync("new.c1z").await;
    cut_off(&history.path("new.c1z"));
    let ran = history.diff(&["old.c1z", "new.c1z"]).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    let asked = ran.stderr.split_once("name sync ").expect("the sync is named").1;
    let id = asked.split(' ').next().unwrap();
    let ran = history.diff(&["old.c1z", "new.c1z", "--to", id]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("did not finish: something may be missing"), "{}", ran.stderr);
}

#[tokio::test]
async fn what_cannot_be_compared_is_trouble_and_not_equal() {
    let history = History::of(small_tenant()).await;
    history.sync("one.c1z").await;
    let ran = history.diff(&["one.c1z"]).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert!(ran.stderr.contains("holds no full sync before"), "{}", ran.stderr);
    let ran = history.diff(&["one.c1z", "missing.c1z"]).await;
    assert!(ran.code == Some(2) && ran.stderr.contains("missing.c1z"), "{}", ran.stderr);
    let ran = history.diff(&["one.c1z", "--from", "other"]).await;
    assert!(ran.code == Some(2) && ran.stderr.contains("holds no sync other"), "{}", ran.stderr);
}
