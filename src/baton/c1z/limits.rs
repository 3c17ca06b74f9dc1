//! How much a file may cost to read: what stands between us and a file that unpacks without end.

/// Looks up an environment variable.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

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
    /// The defaults, with what `BATON_DECODER_MAX_DECODED_SIZE_MB`, `BATON_DECODER_MAX_MEMORY_MB` and
    /// `BATON_DISABLE_FCS_FAIL_FAST` say. A value that is no number above zero is warned about and left out.
    #[must_use]
    pub fn from_env(lookup: Lookup<'_>) -> Self {
        let mut limits = Self::default();
        if let Some(n) = megabytes(lookup, "BATON_DECODER_MAX_DECODED_SIZE_MB") {
            limits.max_decoded = n;
        }
        if let Some(n) = megabytes(lookup, "BATON_DECODER_MAX_MEMORY_MB") {
            limits.max_memory = n;
        }
        limits.fail_fast = !flag(lookup, "BATON_DISABLE_FCS_FAIL_FAST");
        limits
    }

    /// The largest window that the decoder may use, as a power of two within what zstd supports.
    pub(super) fn window_log(&self) -> u32 {
        self.max_memory
            .checked_ilog2()
            .unwrap_or_default()
            .clamp(10, if cfg!(target_pointer_width = "64") { 31 } else { 30 })
    }
}

fn megabytes(lookup: Lookup<'_>, name: &str) -> Option<u64> {
    positive(lookup, name)?.checked_mul(1 << 20)
}

/// A whole number above zero.
pub(in crate::baton) fn positive(lookup: Lookup<'_>, name: &str) -> Option<u64> {
    let text = lookup(name).filter(|t| !t.trim().is_empty())?;
    let number = text.trim().parse().ok().filter(|&n| n > 0);
    if number.is_none() {
        tracing::warn!("{name} is {text:?}, which is no number above zero; it is ignored");
    }
    number
}

/// A switch, in the spellings that Go programs accept.
pub(in crate::baton) fn flag(lookup: Lookup<'_>, name: &str) -> bool {
    match lookup(name).as_deref().map(str::trim) {
        None | Some("" | "0" | "f" | "F" | "false" | "False" | "FALSE") => false,
        Some("1" | "t" | "T" | "true" | "True" | "TRUE") => true,
        Some(text) => {
            tracing::warn!("{name} is {text:?}, which is neither true nor false; it is ignored");
            false
        }
    }
}
