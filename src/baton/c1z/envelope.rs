//! The envelope: magic, then zstd. Both ways stream; neither holds the database or the file in memory.

use std::{
    io::{self, BufRead, BufReader, Cursor, Read, Write},
    num::NonZero,
    path::Path,
    thread,
};

use zstd::{Decoder, Encoder, zstd_safe};

use super::{C1zError, Limits};

pub(super) const MAGIC: &[u8; 5] = b"C1ZF\0";
/// What every SQLite database begins with.
const SQLITE: &[u8; 16] = b"SQLite format 3\0";
/// The length of a database's header.
const HEADER: u64 = 100;
/// zstd's fast end: the database compresses well at any level, and the time goes elsewhere.
const LEVEL: i32 = 1;
/// Threads that compress, at the most.
const MAX_WORKERS: u32 = 3;
/// Below this many bytes a second thread is not worth its start.
const SMALL: u64 = 4 << 20;
/// The longest header that a zstd frame can have.
const FRAME_HEADER: u64 = 18;
const CHUNK: usize = 1 << 17;

/// Writes `length` bytes of database as a `.c1z` file.
///
/// # Errors
/// Of either side; an error of kind `Interrupted` is never made here: `stop` says when to give up, and the answer is `None`.
pub(super) fn write<W: Write>(
    database: &mut impl Read,
    length: u64,
    mut out: W,
    stop: &dyn Fn() -> bool,
) -> io::Result<Option<W>> {
    out.write_all(MAGIC)?;
    let mut encoder = Encoder::new(out, LEVEL)?;
    encoder.include_checksum(true)?;
    encoder.include_contentsize(true)?;
    encoder.set_pledged_src_size(Some(length))?;
    // Each worker takes some megabytes, which the database has just given back.
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    if cores > 1 && length > SMALL {
        encoder.multithread(u32::try_from(cores).unwrap_or(MAX_WORKERS).min(MAX_WORKERS))?;
    }
    let mut chunk = vec![0; CHUNK];
    loop {
        match database.read(&mut chunk)? {
            0 => return encoder.finish().map(Some),
            _ if stop() => return Ok(None),
            n => encoder.write_all(&chunk[..n])?,
        }
    }
}

/// Unpacks a `.c1z` file into a database that can be opened: without a write-ahead log, and as long as its header says.
pub(super) fn read<W: Write>(
    path: &Path,
    source: impl Read,
    limits: &Limits,
    out: &mut W,
) -> Result<u64, C1zError> {
    let failed = |source| C1zError::Io { doing: "read", path: path.to_owned(), source };
    let mut source = BufReader::new(source);
    let mut start = Vec::new();
    (&mut source).take(MAGIC.len() as u64).read_to_end(&mut start).map_err(failed)?;
    match start.as_slice() {
        [] => return Err(C1zError::Empty(path.to_owned())),
        magic if magic == MAGIC => {}
        [b'C', b'1', b'Z', version @ b'0'..=b'9', 0] => {
            return Err(C1zError::OtherVersion { path: path.to_owned(), version: char::from(*version) });
        }
        _ => return Err(C1zError::NotC1z(path.to_owned())),
    }

    let too_large = || C1zError::TooLarge { path: path.to_owned(), megabytes: limits.max_decoded >> 20 };
    let mut frame = Vec::new();
    (&mut source).take(FRAME_HEADER).read_to_end(&mut frame).map_err(failed)?;
    if limits.fail_fast
        && let Ok(Some(declared)) = zstd_safe::get_frame_content_size(&frame)
        && declared > limits.max_decoded
    {
        return Err(too_large());
    }

    let mut decoder = Decoder::with_buffer(Cursor::new(frame).chain(source)).map_err(failed)?;
    decoder.window_log_max(limits.window_log()).map_err(failed)?;
    let unpack = |e: io::Error| match e.kind() {
        // The decoder has no kinds of its own: everything of zstd comes as `Other` with its text.
        io::ErrorKind::Other if e.to_string().contains("too much memory") => {
            C1zError::TooMuchMemory { path: path.to_owned(), megabytes: limits.max_memory >> 20 }
        }
        io::ErrorKind::Other | io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => {
            C1zError::damaged(path, e)
        }
        _ => failed(e),
    };
    let mut decoder = BufReader::with_capacity(CHUNK, decoder);
    let mut head = Vec::new();
    (&mut decoder).take(HEADER).read_to_end(&mut head).map_err(unpack)?;
    let declared = header(&mut head).ok_or_else(|| C1zError::damaged(path, "no SQLite database inside"))?;
    let write = |source| C1zError::Io { doing: "unpack", path: path.to_owned(), source };
    out.write_all(&head).map_err(write)?;
    let mut total = HEADER;
    loop {
        let chunk = decoder.fill_buf().map_err(unpack)?;
        let n = chunk.len();
        total += n as u64;
        if total > limits.max_decoded {
            return Err(too_large());
        }
        if n == 0 {
            break;
        }
        out.write_all(chunk).map_err(write)?;
        decoder.consume(n);
    }
    if total != declared {
        return Err(C1zError::damaged(path, format!("its database has {total} bytes instead of {declared}")));
    }
    Ok(total)
}

/// The length that the header of a database gives. The marks of a write-ahead log are taken off: the log itself is not in the
/// file, so it was empty.
fn header(head: &mut [u8]) -> Option<u64> {
    if head.len() as u64 != HEADER || !head.starts_with(SQLITE) {
        return None;
    }
    if head[18..20] == [2, 2] {
        head[18..20].fill(1);
    }
    let page = match u16::from_be_bytes([head[16], head[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    Some(page * u64::from(u32::from_be_bytes([head[28], head[29], head[30], head[31]])))
}
