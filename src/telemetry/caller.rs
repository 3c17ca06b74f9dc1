//! The `caller` of a line: the last directory, the file and the line, as the reference writes it.

use tracing::Metadata;

/// `dir/file:line`, or what of it is known.
pub(super) fn caller(metadata: &Metadata<'_>) -> String {
    let path = metadata.file().unwrap_or(metadata.target());
    let short = match path.rmatch_indices(['/', '\\']).nth(1) {
        Some((at, _)) => &path[at + 1..],
        None => path,
    };
    match metadata.line() {
        Some(line) => format!("{short}:{line}"),
        None => short.to_owned(),
    }
}
