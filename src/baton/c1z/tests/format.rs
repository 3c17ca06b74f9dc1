//! The form of the file: envelope, tables, indexes, columns, blobs.

use proptest::prelude::*;
use prost::Message;
use time::macros::datetime;

use super::*;

#[test]
fn the_database_has_the_tables_and_indexes_that_readers_look_for() {
    let place = Place::new();
    place.sync("one");
    let database = place.database();
    let objects =
        text(&database, "select type || ' ' || name || ' ' || tbl_name from sqlite_master order by 1");
    let expected = "\
index idx_assets_external_sync_v1 v1_assets
index idx_entitlements_external_sync_v1 v1_entitlements
index idx_entitlements_resource_id_v1 v1_entitlements
index idx_grants_entitlement_id_principal_id_v1 v1_grants
index idx_grants_entitlement_sync_grant_v1 v1_grants
index idx_grants_external_sync_v1 v1_grants
index idx_grants_principal_id_v1 v1_grants
index idx_grants_resource_type_id_resource_id_v1 v1_grants
index idx_grants_sync_expansion_v1 v1_grants
index idx_grants_sync_needs_expansion_v1 v1_grants
index idx_resource_types_external_sync_v1 v1_resource_types
index idx_resources_external_sync_v1 v1_resources
index idx_resources_parent_resource_id_v1 v1_resources
index idx_resources_resource_type_id_v1 v1_resources
index idx_session_store_sync_key_v1 v1_connector_sessions
index idx_sync_runs_sync_id_v1 v1_sync_runs
table v1_assets v1_assets
table v1_connector_sessions v1_connector_sessions
table v1_entitlements v1_entitlements
table v1_grants v1_grants
table v1_resource_types v1_resource_types
table v1_resources v1_resources
table v1_sync_runs v1_sync_runs";
    assert_eq!(objects.join("\n"), expected);
    let order = text(&database, "select name from sqlite_master where type = 'table' order by rowid");
    assert_eq!(order, schema::TABLES.map(|table| table.name));
}

/// Name, type, not null, default, primary key of each column; index columns with uniqueness. Two indexes carry each other's
/// name in every file there is.
#[test]
fn columns_and_index_columns_are_those_of_other_writers() {
    let place = Place::new();
    place.sync("one");
    let database = place.database();
    let columns = text(
        &database,
        "select m.name || ' ' || p.name, lower(p.type), p.\"notnull\", p.dflt_value, p.pk \
         from sqlite_master m, pragma_table_info(m.name) p where m.type = 'table' \
         and m.name in ('v1_sync_runs', 'v1_grants', 'v1_resources') order by m.name, p.cid",
    );
    let expected = "\
v1_grants id|integer|0|NULL|1
v1_grants resource_type_id|text|1|NULL|0
v1_grants resource_id|text|1|NULL|0
v1_grants entitlement_id|text|1|NULL|0
v1_grants principal_resource_type_id|text|1|NULL|0
v1_grants principal_resource_id|text|1|NULL|0
v1_grants external_id|text|1|NULL|0
v1_grants expansion|blob|0|NULL|0
v1_grants needs_expansion|integer|1|0|0
v1_grants data|blob|1|NULL|0
v1_grants sync_id|text|1|NULL|0
v1_grants discovered_at|datetime|1|NULL|0
v1_resources id|integer|0|NULL|1
v1_resources resource_type_id|text|1|NULL|0
v1_resources external_id|text|1|NULL|0
v1_resources parent_resource_type_id|text|0|NULL|0
v1_resources parent_resource_id|text|0|NULL|0
v1_resources data|blob|1|NULL|0
v1_resources sync_id|text|1|NULL|0
v1_resources discovered_at|datetime|1|NULL|0
v1_sync_runs id|integer|0|NULL|1
v1_sync_runs sync_id|text|1|NULL|0
v1_sync_runs started_at|datetime|1|NULL|0
v1_sync_runs ended_at|datetime|0|NULL|0
v1_sync_runs sync_token|text|1|NULL|0
v1_sync_runs sync_type|text|1|'full'|0
v1_sync_runs parent_sync_id|text|1|''|0
v1_sync_runs linked_sync_id|text|1|''|0
v1_sync_runs supports_diff|integer|1|0|0
v1_sync_runs grants_backfilled|integer|1|0|0
v1_sync_runs stats|text|0|NULL|0
v1_sync_runs ingest_invariant_generation|text|1|''|0
v1_sync_runs ingest_invariant_coverage|text|1|''|0
v1_sync_runs ingest_invariant_mode|text|1|''|0";
    assert_eq!(columns.join("\n"), expected);

    let indexes = text(
        &database,
        "select l.name, l.\"unique\", l.partial, \
         (select group_concat(i.name, ' ') from pragma_index_info(l.name) i) \
         from sqlite_master m, pragma_index_list(m.name) l where m.type = 'table' order by 1",
    );
    let expected = "\
idx_assets_external_sync_v1|1|0|external_id sync_id
idx_entitlements_external_sync_v1|1|0|external_id sync_id
idx_entitlements_resource_id_v1|0|0|resource_type_id resource_id
idx_grants_entitlement_id_principal_id_v1|0|0|entitlement_id principal_resource_type_id principal_resource_id
idx_grants_entitlement_sync_grant_v1|0|0|entitlement_id sync_id id
idx_grants_external_sync_v1|1|0|external_id sync_id
idx_grants_principal_id_v1|0|0|principal_resource_type_id principal_resource_id
idx_grants_resource_type_id_resource_id_v1|0|0|resource_type_id resource_id
idx_grants_sync_expansion_v1|0|1|sync_id
idx_grants_sync_needs_expansion_v1|0|1|sync_id
idx_resource_types_external_sync_v1|1|0|external_id sync_id
idx_resources_external_sync_v1|0|0|parent_resource_type_id parent_resource_id
idx_resources_parent_resource_id_v1|1|0|external_id sync_id
idx_resources_resource_type_id_v1|0|0|resource_type_id
idx_session_store_sync_key_v1|1|0|sync_id key
idx_sync_runs_sync_id_v1|1|0|sync_id";
    assert_eq!(indexes.join("\n"), expected);
}

#[test]
fn the_envelope_declares_its_size_and_checksum_and_the_database_has_no_log() {
    let place = Place::new();
    let saved = place.sync("one");
    let bytes = fs::read(place.file()).unwrap();
    assert_eq!(saved.bytes, bytes.len() as u64);
    assert_eq!(&bytes[..5], b"C1ZF\0");
    assert_eq!(zstd::zstd_safe::get_frame_content_size(&bytes[5..]).unwrap(), Some(saved.unpacked_bytes));
    assert_ne!(bytes[9] & 4, 0, "the frame header's checksum flag");
    let database = zstd::decode_all(&bytes[5..]).unwrap();
    assert_eq!(database.len() as u64, saved.unpacked_bytes);
    assert_eq!(database[16..20], [0x10, 0x00, 1, 1], "page size 4096, no write-ahead log");
    assert_eq!(text(&place.database(), "pragma integrity_check"), ["ok"]);
}

#[test]
fn the_columns_say_what_the_blobs_say() {
    let place = Place::new();
    let mut writer = place.begin("one", SyncType::Full, place.options());
    let mut child = person("3");
    child.parent_resource_id = Some(rid("role", "1"));
    fill(&mut writer);
    writer.put(&[child]).unwrap();
    writer.finish(true, &|| false).unwrap();
    let database = place.database();
    let resources = text(
        &database,
        "select id, resource_type_id, external_id, parent_resource_type_id, parent_resource_id, sync_id, discovered_at \
         from v1_resources",
    );
    let at = "2026-01-02 03:04:05.006";
    assert_eq!(
        resources,
        [
            format!("1|user|user:1|NULL|NULL|one|{at}"),
            format!("2|user|user:2|NULL|NULL|one|{at}"),
            format!("3|role|role:1|NULL|NULL|one|{at}"),
            format!("4|user|user:3|role|1|one|{at}"),
        ]
    );
    let entitlements =
        text(&database, "select resource_type_id, resource_id, external_id from v1_entitlements");
    assert_eq!(entitlements, ["role|1|role:1:member"]);
    let grants = text(
        &database,
        "select resource_type_id, resource_id, entitlement_id, principal_resource_type_id, principal_resource_id, \
         external_id, expansion is null, needs_expansion from v1_grants",
    );
    assert_eq!(
        grants,
        [
            "role|1|role:1:member|user|1|role:1:member:user:1|1|0",
            "role|1|role:1:member|user|2|role:1:member:user:2|0|1",
        ]
    );
    let run = text(
        &database,
        "select sync_id, started_at, ended_at, sync_token, sync_type, supports_diff, grants_backfilled, stats \
         from v1_sync_runs",
    );
    let stats = r#"{"resource_types":2,"resources":4,"entitlements":1,"grants":2,"resources_by_resource_type":{"role":1,"user":3},"grants_by_resource_type":{"role":2},"entitlements_by_resource_type":{"role":1}}"#;
    assert_eq!(run, [format!("one|{at}|{at}||full|1|1|{stats}")]);
}

#[test]
fn what_a_grant_expands_moves_out_of_the_blob_and_comes_back() {
    let place = Place::new();
    place.sync("one");
    let blob: Vec<u8> =
        place.database().query_row("select data from v1_grants where id = 2", [], |row| row.get(0)).unwrap();
    assert_eq!(v2::Grant::decode(blob.as_slice()).unwrap(), member("2"));
    let read = place.open().unwrap().grant("one", "role:1:member:user:2").unwrap().unwrap();
    let expandable: v2::GrantExpandable = crate::wire::find(&read.annotations).unwrap();
    assert_eq!(expandable.entitlement_ids, ["user:2:reports"]);
}

#[test]
fn a_grant_that_expands_nothing_but_blanks_is_not_expandable() {
    let place = Place::new();
    let mut writer = place.begin("one", SyncType::Full, place.options());
    let mut grant = member("1");
    let blank = v2::GrantExpandable { entitlement_ids: vec![" ".to_owned()], ..Default::default() };
    grant.annotations.push(pack(&blank));
    writer.put(&[grant]).unwrap();
    writer.finish(true, &|| false).unwrap();
    let row = text(&place.database(), "select expansion, needs_expansion from v1_grants");
    assert_eq!(row, ["NULL|0"]);
    assert_eq!(place.open().unwrap().grant("one", "role:1:member:user:1").unwrap(), Some(member("1")));
}

#[test]
fn a_record_put_twice_is_there_once_as_it_was_put_last() {
    for read_back in [false, true] {
        let place = Place::new();
        let mut writer = place.begin("one", SyncType::Full, place.options());
        fill(&mut writer);
        if read_back {
            assert_eq!(writer.resources_after("user", 0, 1).unwrap().0, [person("1")]);
            assert_eq!(writer.grants_after("role:1:member", 0, 9).unwrap().0.len(), 2);
            assert!(writer.entitlement("role:1:member").unwrap().is_some());
        }
        let mut renamed = person("1");
        renamed.display_name = "Somebody else".to_owned();
        writer.put(&[renamed.clone(), person("9")]).unwrap();
        writer.put(&[member("2")]).unwrap();
        let saved = writer.finish(true, &|| false).unwrap();
        assert_eq!(saved.stats.resources_by_resource_type["user"], 3);
        assert_eq!(saved.stats.grants, 2);
        let file = place.open().unwrap();
        assert_eq!(file.stats("one").unwrap(), saved.stats);
        assert_eq!(file.resource("one", &rid("user", "1")).unwrap(), Some(renamed));
        let grant = file.grant("one", "role:1:member:user:2").unwrap();
        assert_eq!(grant, Some(member("2")), "what it expanded is gone too");
        assert_eq!(text(&place.database(), "pragma integrity_check"), ["ok"]);
    }
}

#[test]
fn missing_records_are_added_and_present_ones_left_alone() {
    let place = Place::new();
    let mut writer = place.begin("one", SyncType::Full, place.options());
    fill(&mut writer);
    let bare = v2::Resource { id: Some(rid("user", "1")), ..Default::default() };
    writer.put_missing(&[bare, person("4")]).unwrap();
    let saved = writer.finish(true, &|| false).unwrap();
    assert_eq!(saved.stats.resources, 4);
    assert_eq!(place.open().unwrap().resource("one", &rid("user", "1")).unwrap(), Some(person("1")));
}

#[test]
fn a_record_without_its_ids_is_refused_not_stored() {
    let place = Place::new();
    let mut writer = place.begin("one", SyncType::Full, place.options());
    let grant = v2::Grant { principal: None, ..member("1") };
    assert!(matches!(writer.put(&[grant]), Err(C1zError::Incomplete { table: "v1_grants" })));
    assert!(matches!(writer.put(&[v2::Resource::default()]), Err(C1zError::Incomplete { .. })));
}

#[test]
fn all_records_come_back_in_order_and_by_filter() {
    let place = Place::new();
    let mut writer = place.begin("one", SyncType::Full, place.options());
    let people: Vec<_> = (0..1_200).map(|n| person(&n.to_string())).collect();
    writer.put(&types()).unwrap();
    writer.put(&people).unwrap();
    writer.put(&[admin()]).unwrap();
    writer.put(&[assignment(&admin(), "member", &[])]).unwrap();
    writer.put(&[member("7"), member("8")]).unwrap();
    writer.finish(true, &|| false).unwrap();
    let file = place.open().unwrap();
    let all = |filter| file.records::<v2::Resource>("one", filter).map(Result::unwrap).collect::<Vec<_>>();
    assert_eq!(all(Filter::All).len(), 1_201);
    assert_eq!(all(Filter::Type("user".to_owned())), people);
    let grants = |filter| file.records::<v2::Grant>("one", filter).map(Result::unwrap).collect::<Vec<_>>();
    assert_eq!(grants(Filter::Principal(rid("user", "8"))), [member("8")]);
    assert_eq!(grants(Filter::Entitlement("role:1:member".to_owned())).len(), 2);
    assert_eq!(grants(Filter::On(rid("role", "2"))), []);
    assert_eq!(file.records::<v2::ResourceType>("one", Filter::All).count(), 2);
    assert!(file.records::<v2::Resource>("two", Filter::All).next().is_none(), "another sync has none");
}

#[test]
fn times_are_utc_without_zone_or_needless_zeros() {
    assert_eq!(times::text(datetime!(2026-11-22 17:11:04.32758544 UTC)), "2026-11-22 17:11:04.32758544");
    assert_eq!(times::text(datetime!(2026-11-22 17:00:00 +2)), "2026-11-22 15:00:00");
    let parsed = datetime!(2026-11-22 15:00:00.5 UTC);
    for text in [
        "2026-11-22 15:00:00.5",
        "2026-11-22T15:00:00.500Z",
        "2026-11-22T17:00:00.5+02:00",
        "2026-11-22 12:30:00.5-02:30",
    ] {
        assert_eq!(times::parse(text), Some(parsed), "{text}");
    }
    for text in [
        "",
        "2026-11-22",
        "2026-13-22 15:00:00",
        "2026-11-22 15:00:00.",
        "2026-11-22 15:00:00 x",
        "2026-11-22 15:00:0ö",
    ] {
        assert_eq!(times::parse(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn a_time_survives_being_written_and_read(nanos in 0_i128..4_102_444_800_000_000_000) {
        let moment = time::OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap();
        prop_assert_eq!(times::parse(&times::text(moment)), Some(moment));
    }

    #[test]
    fn no_text_breaks_the_reading_of_times(text in "\\PC{0,32}") {
        let _ = times::parse(&text);
    }
}
