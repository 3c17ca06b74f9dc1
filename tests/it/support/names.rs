//! The names of all settings, from their one table, to hold texts and manifests against.

use std::collections::BTreeSet;

use baton_ninja_one::config::reference_markdown;

/// Flags and environment variables that exist.
pub struct Names {
    pub flags: BTreeSet<String>,
    pub variables: BTreeSet<String>,
}

/// Read by the test of the whole program rather than from the table: where the config file is.
const BESIDE_THE_TABLE: &str = "BATON_CONFIG_PATH";

impl Names {
    pub fn load() -> Self {
        let (mut flags, mut variables) = (BTreeSet::new(), BTreeSet::from([BESIDE_THE_TABLE.to_owned()]));
        for line in reference_markdown().lines().filter(|line| line.starts_with("| ")) {
            let cells: Vec<_> = line.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
            flags.extend(cells[1].split(", ").filter(|flag| flag.starts_with('-')).map(str::to_owned));
            if let Some(variable) = Some(cells[2]).filter(|name| name.starts_with("BATON_")) {
                variables.insert(variable.to_owned());
                if cells[3] == "secret" {
                    variables.insert(format!("{variable}_FILE"));
                }
            }
        }
        assert!(flags.len() > 50 && variables.len() > 50, "the table is read");
        // Answered by every command, without a row of their own.
        flags.extend(["--help", "-h", "--version", "-v"].map(str::to_owned));
        Self { flags, variables }
    }
}

/// The words of a text that look like environment variables of ours.
pub fn variables_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("BATON_") && !word.ends_with('_')).map(str::to_owned).collect()
}

/// The words of a text that look like long flags.
pub fn flags_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words
        .filter(|word| word.starts_with("--") && word.len() > 2 && !word.starts_with("---"))
        .map(str::to_owned)
        .collect()
}
