//! Why the program does not go on: mistakes collected in one answer, or a page of help.
//!
//! A script that watches the reference connector reads the last line of stderr. So the official texts come last, and what we
//! add for people comes before them.

/// The exit code of a mistake on the command line, in the environment or in the config file.
pub const FLAG_ERROR: u8 = 2;

/// A text to print and the code to exit with instead of running a command.
///
/// Help and the version are failures to run, too, but not errors: they go to stdout with code 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Failure {
    /// What to print, without a final line break.
    pub text: String,
    /// The process exit code.
    pub exit_code: u8,
    /// True for help and the version; an error goes to stderr.
    pub to_stdout: bool,
}

impl Failure {
    pub(super) fn page(text: impl Into<String>) -> Self {
        Self { text: text.into(), exit_code: 0, to_stdout: true }
    }

    pub(super) fn error(text: impl Into<String>) -> Self {
        Self { text: text.into(), exit_code: FLAG_ERROR, to_stdout: false }
    }
}

/// The stages of the reference's checks, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Syntax,
    Source,
    Value,
    Required,
    Relation,
    Rule,
}

/// All that is wrong with one invocation.
#[derive(Debug, Default)]
pub(super) struct Problems {
    found: Vec<(Stage, String)>,
    hints: Vec<String>,
}

impl Problems {
    pub(super) fn add(&mut self, stage: Stage, text: impl Into<String>) {
        self.found.push((stage, text.into()));
    }

    /// A line for people, printed before the official texts.
    pub(super) fn hint(&mut self, text: impl Into<String>) {
        self.hints.push(text.into());
    }

    pub(super) fn any(&self, stage: Stage) -> bool {
        self.found.iter().any(|(at, _)| *at == stage)
    }

    /// One failure that says it all, or nothing if there is nothing to say.
    pub(super) fn into_failure(mut self, warnings: &[String]) -> Option<Failure> {
        if self.found.is_empty() {
            return None;
        }
        self.found.sort_by_key(|(stage, _)| *stage);
        let mut lines: Vec<String> = warnings.iter().map(|warning| format!("warning: {warning}")).collect();
        lines.append(&mut self.hints);
        let mut rules = false;
        for (stage, text) in self.found {
            if stage == Stage::Rule && !rules {
                lines.push("errors found:".into());
                rules = true;
            }
            lines.push(text);
        }
        Some(Failure::error(lines.join("\n")))
    }
}
