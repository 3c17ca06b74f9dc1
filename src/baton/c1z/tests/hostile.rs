//! Files made to harm, or merely broken: each gets a clear error, none a panic, and none more memory or disk than allowed.

use std::io::Write;

use proptest::prelude::*;

use super::*;

fn error(place: &Place) -> String {
    let error = place.open().expect_err("the file must be refused");
    assert!(place.is_tidy());
    error.to_string()
}

fn assert_says(place: &Place, text: &str) {
    let error = error(place);
    assert!(error.contains(text) && error.contains("sync.c1z"), "{error}\nshould say: {text}");
}

#[test]
fn other_files_are_named_for_what_they_are() {
    let place = Place::new();
    fs::write(place.file(), b"C1Z3\0\0\0\x5b\xcc").unwrap();
    assert_says(&place, "version 3, and only version 1 is supported");
    fs::write(place.file(), b"PK\x03\x04").unwrap();
    assert_says(&place, "not a .c1z file");
    fs::write(place.file(), b"C1Z").unwrap();
    assert_says(&place, "not a .c1z file");
    place.pack_bytes(b"no database at all");
    assert_says(&place, "no SQLite database inside");
    place.pack("create table t (x)");
    assert_says(&place, "v1_resource_types has no column external_id");
}

#[test]
fn a_file_cut_off_anywhere_is_damaged() {
    let place = Place::new();
    place.sync("one");
    let bytes = fs::read(place.file()).unwrap();
    for length in [5, 6, 12, 30, bytes.len() / 2, bytes.len() - 4, bytes.len() - 1] {
        fs::write(place.file(), &bytes[..length]).unwrap();
        assert_says(&place, "damaged");
    }
    let mut flipped = bytes.clone();
    *flipped.last_mut().unwrap() ^= 1;
    fs::write(place.file(), flipped).unwrap();
    assert_says(&place, "damaged");
}

#[test]
fn a_database_shorter_than_its_header_says_is_damaged() {
    let place = Place::new();
    place.sync("one");
    let database = zstd::decode_all(&fs::read(place.file()).unwrap()[5..]).unwrap();
    place.pack_bytes(&database[..database.len() - 4096]);
    assert_says(&place, "bytes instead of");
}

#[test]
fn a_bomb_is_refused_by_what_it_declares_or_when_it_grows_too_large() {
    let place = Place::new();
    let limits = Limits { max_decoded: 4 << 20, ..Limits::default() };
    let open = |limits: &Limits| C1z::open(&place.file(), limits, Some(place.tmp.path())).unwrap_err();
    let mut zeros = vec![0; 64 << 20];
    zeros[..16].copy_from_slice(b"SQLite format 3\0");
    let pack = |declare: bool| {
        let mut encoder = zstd::Encoder::new(envelope::MAGIC.to_vec(), 1).unwrap();
        encoder.include_contentsize(declare).unwrap();
        encoder.set_pledged_src_size(declare.then_some(zeros.len() as u64)).unwrap();
        encoder.write_all(&zeros).unwrap();
        encoder.finish().unwrap()
    };
    let magic = envelope::MAGIC.len();
    for declare in [true, false] {
        let packed = pack(declare);
        assert!(packed.len() < 64 << 10);
        let declared = zstd::zstd_safe::get_frame_content_size(&packed[magic..]).unwrap();
        assert_eq!(declared.is_some(), declare);
        fs::write(place.file(), packed).unwrap();
        for fail_fast in [true, false] {
            let error = open(&Limits { fail_fast, ..limits.clone() });
            assert!(matches!(error, C1zError::TooLarge { megabytes: 4, .. }), "{error}");
            assert!(error.to_string().contains("BATON_DECODER_MAX_DECODED_SIZE_MB"));
        }
    }
    assert!(place.is_tidy());
}

#[test]
fn a_window_above_the_limit_is_refused() {
    let place = Place::new();
    let mut encoder = zstd::Encoder::new(envelope::MAGIC.to_vec(), 3).unwrap();
    encoder.window_log(24).unwrap();
    encoder.include_contentsize(false).unwrap();
    encoder.write_all(&vec![7; 20 << 20]).unwrap();
    fs::write(place.file(), encoder.finish().unwrap()).unwrap();
    let limits = Limits { max_memory: 9 << 20, ..Limits::default() };
    let error = C1z::open(&place.file(), &limits, Some(place.tmp.path())).unwrap_err();
    assert!(matches!(error, C1zError::TooMuchMemory { megabytes: 9, .. }), "{error}");
    assert!(error.to_string().contains("BATON_DECODER_MAX_MEMORY_MB"));
}

#[test]
fn several_frames_and_the_marks_of_a_log_are_accepted() {
    let place = Place::new();
    place.sync("one");
    let mut database = zstd::decode_all(&fs::read(place.file()).unwrap()[5..]).unwrap();
    database[18..20].fill(2);
    let mut bytes = envelope::MAGIC.to_vec();
    for part in [&database[..50], &database[50..70], &database[70..5000], &database[5000..]] {
        bytes.extend(zstd::encode_all(part, 19).unwrap());
    }
    fs::write(place.file(), bytes).unwrap();
    assert_eq!(place.open().unwrap().stats("one").unwrap().resources, 3);
}

#[test]
fn a_table_that_is_a_view_is_not_read() {
    let place = Place::new();
    place.sync("one");
    let path = place.tmp.path().join("x.db");
    fs::write(&path, zstd::decode_all(&fs::read(place.file()).unwrap()[5..]).unwrap()).unwrap();
    let database = Connection::open(&path).unwrap();
    database
        .execute_batch(
            "drop table v1_resources; create view v1_resources as with recursive n(id) as (select 1 union all select id + 1 \
             from n) select id, 'user' resource_type_id, 'x' external_id, x'' data, 'one' sync_id, '' discovered_at from n",
        )
        .unwrap();
    database.close().unwrap();
    place.pack_bytes(&fs::read(&path).unwrap());
    fs::remove_file(&path).unwrap();
    assert_says(&place, "v1_resources has no column");
}

#[test]
fn a_blob_that_is_no_message_is_named_by_table_and_row() {
    let place = Place::new();
    place.sync("one");
    let path = place.tmp.path().join("x.db");
    fs::write(&path, zstd::decode_all(&fs::read(place.file()).unwrap()[5..]).unwrap()).unwrap();
    let database = Connection::open(&path).unwrap();
    database.execute_batch("update v1_grants set data = x'ff' where id = 2").unwrap();
    database.execute_batch("update v1_resources set data = 'text' where id = 3").unwrap();
    database.close().unwrap();
    place.pack_bytes(&fs::read(&path).unwrap());
    fs::remove_file(&path).unwrap();
    let file = place.open().unwrap();
    let grants: Vec<_> = file.records::<v2::Grant>("one", Filter::All).collect();
    assert_eq!(grants.len(), 1, "after an error there are no more");
    let error = grants[0].as_ref().unwrap_err().to_string();
    assert!(error.contains("v1_grants, row 2"), "{error}");
    let error = file.resource("one", &rid("role", "1")).unwrap_err().to_string();
    assert!(error.contains("v1_resources"), "{error}");
}

/// A small good file, made once.
fn good() -> &'static (Vec<u8>, Vec<u8>) {
    static GOOD: std::sync::OnceLock<(Vec<u8>, Vec<u8>)> = std::sync::OnceLock::new();
    GOOD.get_or_init(|| {
        let place = Place::new();
        place.sync("one");
        let bytes = fs::read(place.file()).unwrap();
        let database = zstd::decode_all(&bytes[5..]).unwrap();
        (bytes, database)
    })
}

/// Reads all there is; the only thing that must not happen is a panic.
fn read_all(place: &Place) {
    let Ok(file) = place.open() else { return };
    for run in file.syncs() {
        let _ = file.stats(&run.id);
        let _ = file.records::<v2::ResourceType>(&run.id, Filter::All).count();
        let _ = file.records::<v2::Resource>(&run.id, Filter::All).count();
        let _ = file.records::<v2::Entitlement>(&run.id, Filter::All).count();
        let _ = file.records::<v2::Grant>(&run.id, Filter::All).count();
        let _ = file.grant(&run.id, "role:1:member:user:1");
    }
    let _ = Store::open(&place.file(), place.options())
        .and_then(|store| store.begin(NewSync { id: "new".to_owned(), ..NewSync::default() }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_bytes_at_all_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600), ours in 0..3) {
        let place = Place::new();
        let mut file = match ours { 0 => Vec::new(), _ => envelope::MAGIC.to_vec() };
        match ours { 2 => file.extend(zstd::encode_all(bytes.as_slice(), 1).unwrap()), _ => file.extend(bytes) }
        fs::write(place.file(), file).unwrap();
        read_all(&place);
    }

    #[test]
    fn no_change_to_a_good_file_makes_the_reader_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        inside: bool,
    ) {
        let place = Place::new();
        let mut bytes = if inside { good().1.clone() } else { good().0.clone() };
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if inside { place.pack_bytes(&bytes) } else { fs::write(place.file(), bytes).unwrap() }
        read_all(&place);
    }
}
