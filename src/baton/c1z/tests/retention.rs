//! Earlier syncs of a file: which stay, in which state, and which one readers show.

use super::*;

fn ids(place: &Place) -> Vec<String> {
    place.open().unwrap().syncs().iter().map(|run| run.id.clone()).collect()
}

#[test]
fn the_newest_two_full_syncs_stay_the_new_one_included() {
    let place = Place::new();
    for id in ["one", "two", "three"] {
        place.sync(id);
    }
    assert_eq!(ids(&place), ["two", "three"]);
    let database = place.database();
    assert_eq!(text(&database, "select distinct sync_id from v1_resources order by 1"), ["three", "two"]);
    assert_eq!(text(&database, "pragma freelist_count"), ["0"], "no room is wasted");
    let file = place.open().unwrap();
    assert_eq!(file.stats("two").unwrap(), file.stats("three").unwrap());
    assert!(place.is_tidy());
}

#[test]
fn how_many_stay_can_be_chosen() {
    let place = Place::new();
    let keep = |keep_syncs, skip_cleanup| Options { keep_syncs, skip_cleanup, ..place.options() };
    for id in ["one", "two", "three", "four"] {
        place.sync_as(id, SyncType::Full, keep(3, false));
    }
    assert_eq!(ids(&place), ["two", "three", "four"]);
    place.sync_as("five", SyncType::Full, keep(1, true));
    assert_eq!(ids(&place), ["two", "three", "four", "five"]);
    place.sync_as("six", SyncType::Full, keep(1, false));
    assert_eq!(ids(&place), ["six"]);
}

#[test]
fn a_partial_sync_goes_with_the_full_one_that_it_was_built_on() {
    let place = Place::new();
    let at = |clock| Options { clock, ..place.options() };
    place.sync("one");
    place.sync_as("part", SyncType::Partial, at(|| clock() + Duration::from_secs(1)));
    place.sync_as("two", SyncType::Full, at(|| clock() + Duration::from_secs(2)));
    assert_eq!(ids(&place), ["one", "part", "two"], "one is still needed");
    place.sync_as("three", SyncType::Full, at(|| clock() + Duration::from_secs(3)));
    assert_eq!(ids(&place), ["two", "three"]);
}

#[test]
fn a_partial_sync_costs_no_full_one_its_place() {
    let place = Place::new();
    for id in ["one", "two"] {
        place.sync(id);
    }
    place.sync_as("part", SyncType::Partial, place.options());
    assert_eq!(ids(&place), ["one", "two", "part"]);
    let file = place.open().unwrap();
    assert_eq!(file.choose(&Choice::Default).unwrap().id, "two");
    assert_eq!(file.choose(&Choice::NewestFinished).unwrap().id, "part");
    assert_eq!(file.choose(&Choice::Id("one".to_owned())).unwrap().id, "one");
    let missing = file.choose(&Choice::Id("four".to_owned())).unwrap_err();
    assert!(missing.to_string().ends_with("sync.c1z holds no sync four"), "{missing}");
}

/// A file as small writers make it: five tables, old columns, no indexes, local time, an unfinished sync.
const OLD: &str = "
create table v1_resource_types (id integer primary key, external_id text not null, data blob not null, sync_id text not null, discovered_at datetime not null);
create table v1_resources (id integer primary key, resource_type_id text not null, external_id text not null, parent_resource_type_id text, parent_resource_id text, data blob not null, sync_id text not null, discovered_at datetime not null);
create table v1_entitlements (id integer primary key, resource_type_id text not null, resource_id text not null, external_id text not null, data blob not null, sync_id text not null, discovered_at datetime not null);
create table v1_grants (id integer primary key, resource_type_id text not null, resource_id text not null, entitlement_id text not null, principal_resource_type_id text not null, principal_resource_id text not null, external_id text not null, data blob not null, sync_id text not null, discovered_at datetime not null);
create table v1_sync_runs (id integer primary key, sync_id text not null, started_at datetime not null, ended_at datetime, sync_token text not null);
insert into v1_sync_runs values (1, 'old', '2026-01-02T05:00:00+02:00', '2026-01-02T05:30:00.5+02:00', '{}');
insert into v1_sync_runs values (2, 'broken-off', '2026-01-02 03:01:00', null, '');
insert into v1_resource_types values (1, 'user', x'0a0475736572', 'old', '2026-01-02 03:00:00');
insert into v1_resources values (1, 'user', 'user:1', null, null, x'0a090a0475736572120131', 'old', '2026-01-02 03:00:00');
insert into v1_grants values (1, 'role', '1', 'role:1:member', 'user', '1', 'role:1:member:user:1', x'1a14726f6c653a313a6d656d6265723a757365723a31', 'old', '2026-01-02 03:00:00');
";

#[test]
fn a_file_without_indexes_and_newer_columns_is_read() {
    let place = Place::new();
    place.pack(OLD);
    let file = place.open().unwrap();
    let run = file.choose(&Choice::Default).unwrap();
    assert_eq!((run.id.as_str(), &run.kind, run.parent.as_str()), ("old", &SyncType::Full, ""));
    assert_eq!(file.grant("old", "role:1:member:user:1").unwrap().unwrap().id, "role:1:member:user:1");
    assert_eq!(file.stats("old").unwrap().resources, 1);
}

#[test]
fn adding_to_such_a_file_completes_it() {
    let place = Place::new();
    place.pack(OLD);
    let saved = place.sync("new");
    assert_eq!(ids(&place), ["old", "new"], "the unfinished sync gave way");
    let database = place.database();
    assert_eq!(text(&database, "select count(*) from sqlite_master where type = 'index'"), ["16"]);
    let runs = text(
        &database,
        "select sync_id, started_at, ended_at, sync_type, supports_diff, grants_backfilled, stats is null from v1_sync_runs",
    );
    assert_eq!(runs[0], "old|2026-01-02 03:00:00|2026-01-02 03:30:00.5|full|0|0|1");
    assert_eq!(place.open().unwrap().stats("old").unwrap().grants, 1);
    // The old one ended after our clock says it is now, and still the new one is the one to show.
    assert!(saved.ended_at > place.open().unwrap().syncs()[0].ended_at.unwrap());
    assert_eq!(place.open().unwrap().choose(&Choice::Default).unwrap().id, "new");
}

#[test]
fn an_unfinished_sync_is_shown_only_when_there_is_no_other() {
    let place = Place::new();
    place.pack(&OLD.replace("'2026-01-02T05:30:00.5+02:00'", "null"));
    let file = place.open().unwrap();
    assert_eq!(file.choose(&Choice::Default).unwrap().id, "broken-off");
    assert!(file.choose(&Choice::NewestFinished).is_err());
}

#[test]
fn an_empty_or_missing_file_is_a_new_database() {
    let place = Place::new();
    assert!(matches!(place.open(), Err(C1zError::Io { .. })));
    fs::write(place.file(), "").unwrap();
    assert!(matches!(place.open(), Err(C1zError::Empty(_))));
    place.sync("one");
    assert_eq!(ids(&place), ["one"]);
}
