//! Which sources of a membership mean that somebody else manages it.
//!
//! NinjaOne's source is an opaque string; no published list of its values exists. A word that clearly names a directory or a
//! mapping is taken for one, whatever its case and separators; any other word, and none, is taken for an assignment by hand.
//! Revocations of those are proved by reading back, so that a wrong guess is told, not hidden.

/// Anywhere in the source.
const PARTS: [&str; 6] = ["scim", "mapping", "mapped", "saml", "ldap", "directory"];
/// As a word of its own; within others these letters mean nothing.
const WORDS: [&str; 7] = ["group", "sso", "idp", "sync", "synced", "federated", "provisioned"];

/// Whether the source names SCIM or a mapping.
pub(super) fn is_managed(source: &str) -> bool {
    let lower = source.to_lowercase();
    PARTS.iter().any(|part| lower.contains(part)) || words(source).any(|word| WORDS.contains(&word.as_str()))
}

/// The words of a text in upper snake, kebab, camel or plain writing, in lower case.
fn words(text: &str) -> impl Iterator<Item = String> {
    let mut spaced = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    for c in text.chars() {
        if c.is_uppercase() && before.is_lowercase() {
            spaced.push(' ');
        }
        spaced.push(if c.is_alphanumeric() { c } else { ' ' });
        before = c;
    }
    spaced.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_or_a_mapping_is_recognised_however_it_is_written() {
        for source in [
            "SCIM",
            "Scim v2",
            "GROUP_MAPPING",
            "groupMapping",
            "role-mapping",
            "Mapped",
            "GROUP",
            "userGroup",
            "SSO",
            "azure directory",
            "IDP_SYNC",
        ] {
            assert!(is_managed(source), "{source}");
        }
    }

    #[test]
    fn an_assignment_by_hand_is_not() {
        for source in ["", "MANUAL", "DIRECT", "EXAMPLE_SOURCE", "USER", "API", "asynchronous", "assorted"] {
            assert!(!is_managed(source), "{source}");
        }
    }
}
