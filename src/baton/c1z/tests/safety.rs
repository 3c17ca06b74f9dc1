//! The file that was there before: whatever happens to a writer, it is whole, and nothing is left behind.

use std::{
    cell::Cell,
    fs::File,
    io::{self, Write},
};

use super::*;

#[test]
fn a_writer_that_is_dropped_leaves_no_trace() {
    let place = Place::new();
    place.sync("one");
    let before = fs::read(place.file()).unwrap();
    let mut writer = place.begin("two", SyncType::Full, place.options());
    fill(&mut writer);
    writer.grants_after("role:1:member", 0, 1).unwrap();
    drop(writer);
    assert_eq!(fs::read(place.file()).unwrap(), before);
    assert!(place.is_tidy());
}

#[test]
fn a_stop_at_any_moment_leaves_the_old_file_whole() {
    let place = Place::new();
    place.sync("one");
    let before = fs::read(place.file()).unwrap();
    for asked in 0.. {
        let mut writer = place.begin("two", SyncType::Full, place.options());
        fill(&mut writer);
        let calls = Cell::new(0);
        let stop = || calls.replace(calls.get() + 1) >= asked;
        match writer.finish(true, &stop) {
            Err(C1zError::Interrupted) => {
                assert_eq!(fs::read(place.file()).unwrap(), before);
                assert!(place.is_tidy());
            }
            result => {
                result.unwrap();
                assert!(asked > 8, "every table and the packing ask");
                break;
            }
        }
    }
    assert_ne!(fs::read(place.file()).unwrap(), before);
}

/// A disk with room for so many bytes.
struct Disk(usize);

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.min(bytes.len()) {
            0 => Err(io::ErrorKind::StorageFull.into()),
            n => {
                self.0 -= n;
                Ok(n)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_fails_the_packing_wherever_it_happens() {
    let database: Vec<u8> =
        (0..1_500_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let length = database.len() as u64;
    let whole = envelope::write(&mut database.as_slice(), length, Vec::new(), &|| false).unwrap().unwrap();
    for room in [0, 3, 5, 100, whole.len() / 2, whole.len() - 1] {
        let error = envelope::write(&mut database.as_slice(), length, Disk(room), &|| false).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull, "with room for {room} bytes");
    }
    assert!(envelope::write(&mut database.as_slice(), length, Disk(whole.len()), &|| false).is_ok());
}

#[test]
fn a_failure_while_the_new_file_is_filled_leaves_the_old_one_whole() {
    let place = Place::new();
    fs::write(place.file(), "before").unwrap();
    let full = |new: &mut File| {
        new.write_all(b"half of it").unwrap();
        Err(C1zError::io("write", "x")(io::ErrorKind::StorageFull.into()))
    };
    let error = replace::replace(&place.file(), full).unwrap_err();
    assert!(matches!(error, C1zError::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull));
    assert_eq!(fs::read(place.file()).unwrap(), b"before");
    assert!(place.is_tidy());
}

#[test]
fn what_a_killed_run_left_is_removed_and_what_is_in_use_is_not() {
    let place = Place::new();
    let dir = place.dir.path();
    fs::write(dir.join(".sync.c1z.writing-dead"), "half").unwrap();
    fs::write(dir.join(".other.c1z.writing-x"), "of another file").unwrap();
    let alive = File::create(dir.join(".sync.c1z.writing-alive")).unwrap();
    assert!(litter::claim(&alive).unwrap());
    let scratch = |name: &str| {
        let home = place.tmp.path().join(format!("baton-c1z-{name}"));
        fs::create_dir(&home).unwrap();
        File::create(home.join("db")).unwrap()
    };
    drop(scratch("dead"));
    let in_use = scratch("alive");
    assert!(litter::claim(&in_use).unwrap());

    place.sync("one");
    assert_eq!(names(dir), [".other.c1z.writing-x", ".sync.c1z.writing-alive", "sync.c1z"]);
    assert_eq!(names(place.tmp.path()), ["baton-c1z-alive"]);
    drop((alive, in_use));
    place.sync("two");
    assert_eq!(names(dir), [".other.c1z.writing-x", "sync.c1z"]);
    assert_eq!(names(place.tmp.path()), Vec::<String>::new());
}

#[test]
fn a_file_swept_before_it_was_locked_is_not_written_to() {
    let place = Place::new();
    let file = File::create(place.file()).unwrap();
    fs::remove_file(place.file()).unwrap();
    assert!(!litter::claim(&file).unwrap());
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_file_and_a_link_to_it_stays_a_link() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let place = Place::new();
    let elsewhere = place.tmp.path().join("real.c1z");
    fs::write(&elsewhere, "").unwrap();
    fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o644)).unwrap();
    symlink(&elsewhere, place.file()).unwrap();
    place.sync("one");
    assert!(fs::symlink_metadata(place.file()).unwrap().is_symlink());
    assert_eq!(fs::metadata(&elsewhere).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(place.open().unwrap().syncs().len(), 1);
}

#[test]
fn a_file_that_is_not_ours_to_add_to_is_never_overwritten() {
    let place = Place::new();
    place.sync("one");
    let good = fs::read(place.file()).unwrap();
    let cases: [&[u8]; 4] = [b"C1Z3\0anything", b"a text", &good[..good.len() / 2], b"C1ZF\0"];
    for bytes in cases {
        fs::write(place.file(), bytes).unwrap();
        assert!(Store::open(&place.file(), place.options()).is_err());
        assert_eq!(fs::read(place.file()).unwrap(), bytes);
        assert!(place.is_tidy());
    }
}

#[test]
fn a_missing_directory_fails_before_anything_is_fetched() {
    let place = Place::new();
    let error = Store::open(&place.dir.path().join("none/sync.c1z"), place.options()).unwrap_err();
    assert!(error.to_string().contains("none/sync.c1z"), "{error}");
    assert!(Store::open(place.dir.path(), place.options()).is_err(), "a directory is no file");
}
