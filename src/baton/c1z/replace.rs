//! Putting a new file in the place of an old one: written beside it, made durable, then renamed. At any moment the name leads
//! to the whole old file or to the whole new one.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use tempfile::{Builder, NamedTempFile};

use super::{C1zError, litter};

/// What a temporary file's name has between the target's name and its random part.
const MARK: &str = ".writing-";

/// The file that a path leads to, through symbolic links, and the directory that holds it. The file need not exist.
pub(super) fn resolve(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Replaces `target` by what `fill` writes; only its owner can read the new file. Gives its length.
///
/// # Errors
/// Of `fill`, or of the file system; the old file is untouched and the new one is gone.
pub(super) fn replace(
    target: &Path,
    fill: impl FnOnce(&mut File) -> Result<(), C1zError>,
) -> Result<u64, C1zError> {
    let dir = directory(target);
    let mut new = beside(target, dir).map_err(C1zError::io("make a file beside", target))?;
    fill(new.as_file_mut())?;
    let failed = |source| C1zError::Io { doing: "write", path: target.to_owned(), source };
    new.as_file().sync_all().map_err(failed)?;
    let length = new.as_file().metadata().map_err(failed)?.len();
    new.persist(target).map_err(|e| C1zError::io("replace", target)(e.error))?;
    // The rename is done; a directory that cannot be synced (some network file systems) takes nothing back.
    if let Err(error) = File::open(dir).and_then(|dir| dir.sync_all()) {
        tracing::debug!(dir = %dir.display(), %error, "cannot sync the directory");
    }
    Ok(length)
}

/// Removes what killed runs have left beside the target.
pub(super) fn sweep(target: &Path) {
    if let Some(prefix) = prefix(target).to_str() {
        litter::sweep(directory(target), |name| name.starts_with(prefix));
    }
}

fn beside(target: &Path, dir: &Path) -> io::Result<NamedTempFile> {
    for _ in 0..16 {
        let file = Builder::new().prefix(&prefix(target)).tempfile_in(dir)?; // mode 0600
        if litter::claim(file.as_file())? {
            return Ok(file);
        }
    }
    Err(io::Error::other("other processes keep removing it"))
}

fn prefix(target: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(target.file_name().unwrap_or_default());
    prefix.push(MARK);
    prefix
}

/// Proves that a file can be made beside the target, so that a long sync does not fail at its end for this.
pub(super) fn probe(target: &Path) -> Result<(), C1zError> {
    beside(target, directory(target)).map(drop).map_err(C1zError::io("make a file beside", target))
}

fn directory(target: &Path) -> &Path {
    target.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
