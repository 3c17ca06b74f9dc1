//! Where lines go.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::logs::LogsError;

/// A sink for whole lines.
///
/// A line that cannot be written is lost: a full disk or a closed pipe must not stop the work that is being logged.
pub trait Output: Send + Sync + 'static {
    /// Writes one line, with its line break, in one piece.
    fn write_line(&self, line: &str);
}

impl<W: Write + Send + 'static> Output for Mutex<W> {
    fn write_line(&self, line: &str) {
        let mut writer = self.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let _ = writer.write_all(line.as_bytes()).and_then(|()| writer.flush());
    }
}

impl<T: Output + ?Sized> Output for std::sync::Arc<T> {
    fn write_line(&self, line: &str) {
        (**self).write_line(line);
    }
}

/// stderr, stdout, or files that are appended to.
pub(super) struct Sinks(Vec<Sink>);

enum Sink {
    Stderr,
    Stdout,
    File(Mutex<File>),
}

impl Sinks {
    /// Opens `paths`; `stderr` and `stdout` name the streams. No path means stderr.
    pub(super) fn open(paths: &[PathBuf]) -> Result<Self, LogsError> {
        if paths.is_empty() {
            return Ok(Self(vec![Sink::Stderr]));
        }
        paths.iter().map(|path| Sink::open(path)).collect::<Result<_, _>>().map(Self)
    }
}

impl Sink {
    fn open(path: &Path) -> Result<Self, LogsError> {
        match path.to_str() {
            Some("stderr") => Ok(Self::Stderr),
            Some("stdout") => Ok(Self::Stdout),
            _ => OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)
                .map(|file| Self::File(Mutex::new(file)))
                .map_err(|source| LogsError::Open { path: path.to_owned(), source }),
        }
    }
}

impl Output for Sinks {
    fn write_line(&self, line: &str) {
        for sink in &self.0 {
            match sink {
                Sink::Stderr => {
                    let _ = std::io::stderr().lock().write_all(line.as_bytes());
                }
                Sink::Stdout => {
                    let mut stdout = std::io::stdout().lock();
                    let _ = stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush());
                }
                Sink::File(file) => file.write_line(line),
            }
        }
    }
}

/// A new file that stops growing at a limit.
pub(super) struct Capped(Mutex<Room>);

struct Room {
    file: File,
    left: u64,
}

/// The last line of a file that has met its limit.
const CUT_OFF: &str = "{\"level\":\"warn\",\"msg\":\"the rest of this log is cut off\"}\n";

impl Capped {
    /// A file that nobody else may read, for about `limit` bytes.
    pub(super) fn create(path: &Path, limit: u64) -> std::io::Result<Self> {
        let mut options = OpenOptions::new();
        options.create_new(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self(Mutex::new(Room { file: options.open(path)?, left: limit })))
    }
}

impl Output for Capped {
    fn write_line(&self, line: &str) {
        let mut room = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if room.left == 0 {
            return;
        }
        let left = room.left.checked_sub(line.len() as u64);
        let line = if left.is_some() { line } else { CUT_OFF };
        room.left = left.unwrap_or(0);
        let _ = room.file.write_all(line.as_bytes());
    }
}
