//! Temporary files that outlive a killed process, and how the next run tells them from those in use: whoever uses one holds a
//! lock on it, which the system takes back when the process ends.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

/// Locks a file that was just made. False when a sweep was quicker and has removed it: then make another.
///
/// A file system without locks is no obstacle: a sweep cannot lock there either, and leaves everything alone.
pub(super) fn claim(file: &File) -> io::Result<bool> {
    match file.lock() {
        Ok(()) => still_linked(file),
        Err(_) => Ok(true),
    }
}

#[cfg(unix)]
fn still_linked(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(file.metadata()?.nlink() > 0)
}

#[cfg(not(unix))]
fn still_linked(_file: &File) -> io::Result<bool> {
    Ok(true)
}

/// Removes what dead processes left in a directory: files, and directories with one file in them, whose name `ours` accepts.
///
/// Nothing here fails: what cannot be removed now can wait.
pub(super) fn sweep(dir: &Path, ours: impl Fn(&str) -> bool) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().to_str().is_some_and(&ours) {
            continue;
        }
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_file() => remove_unused(&path),
            Ok(kind) if kind.is_dir() => {
                for inner in fs::read_dir(&path).into_iter().flatten().flatten() {
                    if inner.file_type().is_ok_and(|kind| kind.is_file()) {
                        remove_unused(&inner.path());
                    }
                }
                let _ = fs::remove_dir(&path); // only succeeds once it is empty
            }
            _ => {}
        }
    }
}

fn remove_unused(path: &Path) {
    // Opened for writing: some systems grant an exclusive lock only then.
    if let Ok(file) = File::options().write(true).open(path)
        && file.try_lock().is_ok()
        && fs::remove_file(path).is_ok()
    {
        tracing::debug!(path = %path.display(), "removed a temporary file that another run left behind");
    }
}
