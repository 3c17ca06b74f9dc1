//! How far grant expansion may go, and what the environment says about it.

/// Looks up an environment variable.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Bounds of grant expansion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expansion {
    /// The longest chain of entitlements that draw from each other; a longer one is an error.
    pub max_depth: usize,
    /// Merge entitlements that draw from each other in a circle; otherwise a circle is an error.
    pub merge_cycles: bool,
}

impl Default for Expansion {
    fn default() -> Self {
        Self { max_depth: 20, merge_cycles: true }
    }
}

impl Expansion {
    /// The defaults, with what `BATON_GRAPH_EXPAND_MAX_DEPTH` and `BATON_DONT_FIX_CYCLES` say.
    #[must_use]
    pub fn from_env(lookup: Lookup<'_>) -> Self {
        let depth = positive(lookup, "BATON_GRAPH_EXPAND_MAX_DEPTH").and_then(|n| usize::try_from(n).ok());
        Self { max_depth: depth.unwrap_or(20), merge_cycles: !flag(lookup, "BATON_DONT_FIX_CYCLES") }
    }
}

/// A whole number above zero.
fn positive(lookup: Lookup<'_>, name: &str) -> Option<u64> {
    let text = lookup(name).filter(|t| !t.trim().is_empty())?;
    let number = text.trim().parse().ok().filter(|&n| n > 0);
    if number.is_none() {
        tracing::warn!("{name} is {text:?}, which is no number above zero; it is ignored");
    }
    number
}

/// A switch, in the spellings that Go programs accept.
fn flag(lookup: Lookup<'_>, name: &str) -> bool {
    match lookup(name).as_deref().map(str::trim) {
        None | Some("" | "0" | "f" | "F" | "false" | "False" | "FALSE") => false,
        Some("1" | "t" | "T" | "true" | "True" | "TRUE") => true,
        Some(text) => {
            tracing::warn!("{name} is {text:?}, which is neither true nor false; it is ignored");
            false
        }
    }
}
