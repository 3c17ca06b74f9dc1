//! What the file promises: to readers, to the file that was there before, and against files made to harm.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod format;
mod hostile;
mod retention;
mod safety;

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rusqlite::Connection;

use super::*;
use crate::{
    baton::model::{Built, Profile, ResourceTypeBuilder, assignment, grant, role, user},
    wire::{
        pack,
        v2::{self, resource_type::Trait},
    },
};

/// 2026-01-02T03:04:05.006Z
const NOW: Duration = Duration::from_millis(1_767_323_045_006);

fn clock() -> SystemTime {
    UNIX_EPOCH + NOW
}

/// A directory for files and one for temporary databases.
struct Place {
    dir: tempfile::TempDir,
    tmp: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), tmp: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("sync.c1z")
    }

    fn options(&self) -> Options {
        Options { tmp_dir: Some(self.tmp.path().to_owned()), clock, ..Options::default() }
    }

    fn open(&self) -> Result<C1z, C1zError> {
        C1z::open(&self.file(), &Limits::default(), Some(self.tmp.path()))
    }

    /// Whether nothing but the file is left.
    fn is_tidy(&self) -> bool {
        names(self.dir.path()).iter().all(|name| name == "sync.c1z") && names(self.tmp.path()).is_empty()
    }

    /// Writes a small full sync with this id.
    fn sync(&self, id: &str) -> Saved {
        self.sync_as(id, SyncType::Full, self.options())
    }

    fn sync_as(&self, id: &str, kind: SyncType, options: Options) -> Saved {
        let mut writer = self.begin(id, kind, options);
        fill(&mut writer);
        writer.finish(true, &|| false).unwrap()
    }

    fn begin(&self, id: &str, kind: SyncType, options: Options) -> SyncWriter {
        let sync = NewSync { id: id.to_owned(), kind, parent: String::new() };
        Store::open(&self.file(), options).unwrap().begin(sync).unwrap()
    }

    /// The database inside the file.
    fn database(&self) -> Connection {
        let bytes = fs::read(self.file()).unwrap();
        let path = self.tmp.path().join("inside.db");
        fs::write(&path, zstd::decode_all(&bytes[5..]).unwrap()).unwrap();
        let database = Connection::open(&path).unwrap();
        fs::remove_file(&path).unwrap();
        database
    }

    /// Packs a database that a statement makes as the file.
    fn pack(&self, sql: &str) {
        let path = self.tmp.path().join("made.db");
        let database = Connection::open(&path).unwrap();
        database.execute_batch(sql).unwrap();
        database.close().unwrap();
        self.pack_bytes(&fs::read(&path).unwrap());
        fs::remove_file(&path).unwrap();
    }

    fn pack_bytes(&self, database: &[u8]) {
        let mut bytes = envelope::MAGIC.to_vec();
        bytes.extend(zstd::encode_all(database, 3).unwrap());
        fs::write(self.file(), bytes).unwrap();
    }
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn rid(resource_type: &str, resource: &str) -> v2::ResourceId {
    v2::ResourceId {
        resource_type: resource_type.to_owned(),
        resource: resource.to_owned(),
        ..Default::default()
    }
}

fn types() -> Vec<v2::ResourceType> {
    vec![
        ResourceTypeBuilder::new("user", "User", "A person").with_trait(Trait::User).build(),
        ResourceTypeBuilder::new("role", "Role", "A role").with_trait(Trait::Role).build(),
    ]
}

fn person(id: &str) -> v2::Resource {
    let profile = Profile::new().text("email", Some(format!("{id}@example.org"))).build();
    user(
        Built { id: rid("user", id), display_name: format!("User {id}"), profile, ..Built::default() },
        v2::UserTrait::default(),
    )
}

fn admin() -> v2::Resource {
    role(Built { id: rid("role", "1"), display_name: "Administrator".to_owned(), ..Built::default() })
}

fn member(id: &str) -> v2::Grant {
    grant(&rid("role", "1"), "member", &rid("user", id))
}

/// Two types, two users, a role, its entitlement, two grants, one of them expandable.
fn fill(writer: &mut SyncWriter) {
    writer.put(&types()).unwrap();
    writer.put(&[person("1"), person("2"), admin()]).unwrap();
    writer.put(&[assignment(&admin(), "member", &types()[..1])]).unwrap();
    let expandable =
        v2::GrantExpandable { entitlement_ids: vec!["user:2:reports".to_owned()], ..Default::default() };
    let mut second = member("2");
    second.annotations.push(pack(&expandable));
    writer.put(&[member("1"), second]).unwrap();
}

fn text(database: &Connection, sql: &str) -> Vec<String> {
    let mut statement = database.prepare(sql).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let cell = |i| match row.get_ref(i).unwrap() {
            rusqlite::types::ValueRef::Null => "NULL".to_owned(),
            rusqlite::types::ValueRef::Integer(n) => n.to_string(),
            rusqlite::types::ValueRef::Real(n) => n.to_string(),
            rusqlite::types::ValueRef::Text(t) => String::from_utf8(t.to_vec()).unwrap(),
            rusqlite::types::ValueRef::Blob(b) => format!("{} bytes", b.len()),
        };
        Ok((0..columns).map(cell).collect::<Vec<_>>().join("|"))
    });
    rows.unwrap().map(Result::unwrap).collect()
}
