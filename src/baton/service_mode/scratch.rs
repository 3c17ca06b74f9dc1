//! A private directory for the files of one sync, gone when it is done; what a killed process left is removed by the next one.
//!
//! Whoever uses a directory holds a lock on it, which the system takes back when the process ends, so that replicas on one
//! machine leave each other's alone.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

/// Tools that clean up after service mode know the first part; the rest keeps us off the files of other connectors, which do
/// not lock theirs.
const PREFIX: &str = "baton-sdk-sync-upload-rs-";

/// The directory.
#[derive(Debug)]
pub(super) struct Scratch {
    home: TempDir,
    _lock: Option<File>,
}

impl Scratch {
    /// A new directory below `dir`. Blocks.
    pub(super) fn new(dir: &Path) -> io::Result<Self> {
        for _ in 0..16 {
            let home = tempfile::Builder::new().prefix(PREFIX).tempdir_in(dir)?; // mode 0700
            let lock = File::open(home.path()).ok().filter(|file| file.lock().is_ok());
            // A sweep may have come between making and locking it.
            if home.path().exists() {
                return Ok(Self { home, _lock: lock });
            }
        }
        Err(io::Error::other("other processes keep removing the temporary directory"))
    }

    /// Where the sync goes.
    pub(super) fn file(&self) -> PathBuf {
        self.home.path().join("sync.c1z")
    }

    /// Where the log of the task goes.
    pub(super) fn debug_log(&self) -> PathBuf {
        self.home.path().join("debug.log")
    }

    /// Removes it with all that is in it. Blocks.
    pub(super) fn remove(self) {
        let path = self.home.path().to_owned();
        if let Err(error) = self.home.close() {
            tracing::warn!(path = %path.display(), %error, "cannot remove the temporary directory of a sync");
        }
    }
}

/// Removes what dead processes left below `dir`. Nothing here fails: what cannot be removed now can wait. Blocks.
pub(super) fn sweep(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if ours && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_unused(&entry.path());
        }
    }
}

fn remove_unused(path: &Path) {
    let Ok(file) = File::open(path) else { return };
    match file.try_lock() {
        Ok(()) => match fs::remove_dir_all(path) {
            Ok(()) => tracing::info!(path = %path.display(), "removed what a killed sync left behind"),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "cannot remove what a killed sync left behind")
            }
        },
        // In use, or a file system without locks.
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failing unwrap is a failing test

    use super::*;

    fn names(dir: &Path) -> usize {
        fs::read_dir(dir).unwrap().count()
    }

    #[test]
    fn nothing_is_left_of_a_directory_that_was_removed_or_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(dir.path()).unwrap();
        fs::write(scratch.file(), "sync").unwrap();
        scratch.remove();
        drop(Scratch::new(dir.path()).unwrap());
        assert_eq!(names(dir.path()), 0);
    }

    #[test]
    fn a_sweep_removes_what_a_dead_process_left_and_nothing_that_is_in_use_or_not_ours() {
        let dir = tempfile::tempdir().unwrap();
        let left = dir.path().join(format!("{PREFIX}dead"));
        let foreign = dir.path().join("baton-sdk-sync-upload123");
        for path in [&left, &foreign] {
            fs::create_dir(path).unwrap();
            fs::write(path.join("sync.c1z"), "half").unwrap();
        }
        let used = Scratch::new(dir.path()).unwrap();
        fs::write(used.file(), "sync").unwrap();
        sweep(dir.path());
        assert!(!left.exists(), "the dead one is still there");
        assert!(foreign.exists(), "another connector's directory was removed");
        assert!(used.file().exists(), "a directory in use was removed");
    }
}
