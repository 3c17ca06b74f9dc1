//! How much a file may cost to read: what stands between us and a file that unpacks without end.

/// Bounds on unpacking a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the database inside, at the most.
    pub max_decoded: u64,
    /// Bytes of memory for unpacking, at the most; rounded down to a power of two.
    pub max_memory: u64,
    /// Refuse at once when the file declares a size above `max_decoded`, instead of when it is reached.
    pub fail_fast: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_decoded: 10 << 30, max_memory: 128 << 20, fail_fast: true }
    }
}

impl Limits {
    /// The largest window that the decoder may use, as a power of two within what zstd supports.
    pub(super) fn window_log(&self) -> u32 {
        self.max_memory
            .checked_ilog2()
            .unwrap_or_default()
            .clamp(10, if cfg!(target_pointer_width = "64") { 31 } else { 30 })
    }
}
