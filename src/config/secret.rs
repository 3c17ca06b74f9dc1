//! A secret setting: its value, and the file that it came from, so that a mounted secret can be read again when it rotates.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

/// More than any credential, less than a mistake such as a device file would deliver.
const MOST_BYTES: u64 = 64 * 1024;

/// A secret value, and its file if it came from one.
#[derive(Debug, Clone)]
pub struct Secret {
    /// The value as it was when the settings were read.
    pub value: SecretString,
    /// The file named by `<VARIABLE>_FILE`.
    pub file: Option<PathBuf>,
}

/// A secret's file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// It is missing, not readable, or not text.
    #[error("cannot read the secret file {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It holds nothing.
    #[error("the secret file {} is empty", .0.display())]
    Empty(PathBuf),
    /// It holds more than a secret.
    #[error("the secret file {} is larger than 64 KiB", .0.display())]
    TooLarge(PathBuf),
}

impl Secret {
    pub(super) fn inline(value: &str) -> Self {
        Self { value: SecretString::from(value), file: None }
    }

    /// Reads a secret from a file. One final line break does not belong to the secret.
    ///
    /// # Errors
    /// See [`SecretFileError`].
    pub fn from_file(path: &Path) -> Result<Self, SecretFileError> {
        let failed = |source| SecretFileError::Read { path: path.to_owned(), source };
        let mut text = String::new();
        let file = File::open(path).map_err(failed)?;
        file.take(MOST_BYTES + 1).read_to_string(&mut text).map_err(failed)?;
        if text.len() as u64 > MOST_BYTES {
            return Err(SecretFileError::TooLarge(path.to_owned()));
        }
        let value = text.strip_suffix('\n').unwrap_or(&text);
        let value = value.strip_suffix('\r').unwrap_or(value);
        if value.is_empty() {
            return Err(SecretFileError::Empty(path.to_owned()));
        }
        Ok(Self { value: SecretString::from(value), file: Some(path.to_owned()) })
    }

    /// The secret as its file has it now; the known value if it did not come from a file.
    ///
    /// # Errors
    /// See [`SecretFileError`]; the known value is still there to go on with.
    pub fn read_again(&self) -> Result<Self, SecretFileError> {
        match &self.file {
            Some(path) => Self::from_file(path),
            None => Ok(self.clone()),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.value.expose_secret().is_empty()
    }
}
