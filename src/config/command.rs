//! The commands: their words, what they take, and what they mean once parsed.

use std::path::PathBuf;
use std::time::Duration;

use super::NAME;
use super::failure::{Problems, Stage};
use super::resolve::Resolved;

/// A command's word, before its arguments are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    /// No word: the official bare command.
    Run,
    Serve,
    Demo,
    Simulate,
    Show,
    Diff,
    Doctor,
    HealthCheck,
    Capabilities,
    Config,
    Completion,
    ConnectorService,
}

impl Verb {
    /// Those with a word that a person may type, in the order of `--help`.
    pub(super) const TYPED: [Self; 10] = [
        Self::Serve,
        Self::Demo,
        Self::Simulate,
        Self::Show,
        Self::Diff,
        Self::Doctor,
        Self::HealthCheck,
        Self::Capabilities,
        Self::Config,
        Self::Completion,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Run => "",
            Self::Serve => "serve",
            Self::Demo => "demo",
            Self::Simulate => "simulate",
            Self::Show => "show",
            Self::Diff => "diff",
            Self::Doctor => "doctor",
            Self::HealthCheck => "health-check",
            Self::Capabilities => "capabilities",
            Self::Config => "config",
            Self::Completion => "completion",
            Self::ConnectorService => "_connector-service",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::TYPED.into_iter().chain([Self::ConnectorService]).find(|verb| verb.word() == word)
    }

    /// The program's name with the word, as error texts have it.
    pub(super) fn path(self) -> String {
        if self == Self::Run { NAME.into() } else { format!("{NAME} {}", self.word()) }
    }

    /// True if it talks to NinjaOne: only then are secrets read and required settings missed.
    pub(super) fn needs_ninja_one(self) -> bool {
        matches!(self, Self::Run | Self::Serve | Self::Doctor)
    }

    /// How many arguments it takes, at least and at most.
    fn arity(self) -> (usize, usize) {
        match self {
            Self::Show | Self::Diff => (1, 2),
            Self::Completion => (1, 1),
            _ => (0, 0),
        }
    }
}

/// A command with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// The official bare command: service mode, a one-shot operation, or a sync into a file.
    Run,
    /// The gRPC daemon.
    Serve,
    /// A sync from an embedded simulator.
    Demo,
    /// The simulator alone.
    Simulate,
    /// Tables from a `.c1z` file.
    Show(Show),
    /// What changed between two syncs.
    Diff(Diff),
    /// A read-only check of configuration, network, credentials and rights.
    Doctor(Doctor),
    /// One question to the health server of a running process.
    HealthCheck(HealthProbe),
    /// What the connector can do, as JSON.
    Capabilities,
    /// The settings, as JSON.
    Config,
    /// A completion script for a shell.
    Completion(Shell),
}

/// How a table is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// JSON.
    Json,
    /// Comma-separated values with a heading line.
    Csv,
}

/// The arguments of `show`. The file is [`Settings::file`](super::Settings::file).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Show {
    /// What to show.
    pub view: View,
    /// How to print it.
    pub format: Format,
    /// Only this resource type.
    pub resource_type: Option<String>,
    /// Only this role, by name or id.
    pub role: Option<String>,
    /// Only this user, by name, e-mail or id.
    pub user: Option<String>,
    /// This sync of the file instead of the latest finished one.
    pub sync_id: Option<String>,
}

/// What `show` shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum View {
    /// Users and roles.
    Resources,
    /// What can be granted.
    Entitlements,
    /// Who holds what.
    Grants,
    /// Everything that one user holds.
    Access(Access),
    /// Counts by type.
    Stats,
    /// The syncs in the file.
    Syncs,
}

/// The user whose access is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// By name, e-mail or id.
    pub user: String,
}

/// The arguments of `diff`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diff {
    /// The earlier file.
    pub old: PathBuf,
    /// The later file; without one, two syncs of `old` are compared.
    pub new: Option<PathBuf>,
    /// The earlier sync, if not the usual one.
    pub from: Option<String>,
    /// The later sync, if not the latest finished one.
    pub to: Option<String>,
    /// How to print it.
    pub format: Format,
    /// Only this resource type.
    pub resource_type: Option<String>,
    /// Only this role, by name or id.
    pub role: Option<String>,
    /// Only this user, by name, e-mail or id.
    pub user: Option<String>,
}

/// The arguments of `doctor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doctor {
    /// Print JSON instead of lines for people.
    pub json: bool,
}

/// The arguments of `health-check`; where to ask is in [`Health`](super::Health).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthProbe {
    /// `health`, `ready` or `live`.
    pub endpoint: String,
    /// How long to wait for the answer.
    pub timeout: Duration,
}

/// A shell that completions are written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// bash
    Bash,
    /// fish
    Fish,
    /// PowerShell
    PowerShell,
    /// zsh
    Zsh,
}

impl Shell {
    pub(super) const ALL: [(&'static str, Self); 4] =
        [("bash", Self::Bash), ("fish", Self::Fish), ("powershell", Self::PowerShell), ("zsh", Self::Zsh)];
}

pub(super) const VIEWS: [&str; 6] = ["resources", "entitlements", "grants", "access", "stats", "syncs"];

impl Command {
    /// Reads the command's arguments. `None` means that a problem was added.
    pub(super) fn build(
        verb: Verb,
        arguments: &[String],
        found: &Resolved,
        problems: &mut Problems,
    ) -> Option<Self> {
        let (least, most) = verb.arity();
        if most == 0 && !arguments.is_empty() {
            problems.add(Stage::Syntax, unknown_command(&arguments[0], verb));
            return None;
        }
        if arguments.len() < least || arguments.len() > most {
            problems.add(Stage::Syntax, wrong_count(least, most, arguments.len()));
            return None;
        }
        match verb {
            Verb::Run => Some(Self::Run),
            Verb::Serve => Some(Self::Serve),
            Verb::Demo => Some(Self::Demo),
            Verb::Simulate => Some(Self::Simulate),
            Verb::Doctor => Some(Self::Doctor(Doctor { json: found.bool("json") })),
            Verb::Capabilities => Some(Self::Capabilities),
            Verb::Config => Some(Self::Config),
            Verb::HealthCheck => Some(Self::HealthCheck(HealthProbe {
                endpoint: found.text("endpoint"),
                timeout: found.duration("timeout"),
            })),
            Verb::Show => show(arguments, found, problems).map(Self::Show),
            Verb::Diff => Some(Self::Diff(diff(arguments, found))),
            Verb::Completion => {
                let shell = Shell::ALL.iter().find(|(word, _)| *word == arguments[0]);
                if shell.is_none() {
                    problems.add(Stage::Syntax, unknown_command(&arguments[0], verb));
                }
                shell.map(|(_, shell)| Self::Completion(*shell))
            }
            Verb::ConnectorService => {
                problems.add(
                    Stage::Syntax,
                    format!(
                        "_connector-service is the child process of the reference SDK; {NAME} works in one \
                         process and has none, use `{NAME} serve` for a gRPC daemon"
                    ),
                );
                None
            }
        }
    }
}

pub(super) fn unknown_command(word: &str, verb: Verb) -> String {
    format!("unknown command {word:?} for {:?}", verb.path())
}

fn wrong_count(least: usize, most: usize, given: usize) -> String {
    if given < least {
        format!("requires at least {least} arg(s), only received {given}")
    } else {
        format!("accepts at most {most} arg(s), received {given}")
    }
}

fn format_of(found: &Resolved) -> Format {
    if found.bool("json") {
        Format::Json
    } else if found.bool("csv") {
        Format::Csv
    } else {
        Format::Table
    }
}

fn show(arguments: &[String], found: &Resolved, problems: &mut Problems) -> Option<Show> {
    let view = match (arguments[0].as_str(), arguments.get(1)) {
        ("access", Some(user)) => View::Access(Access { user: user.clone() }),
        ("access", None) => {
            problems.add(Stage::Syntax, "show access needs a user: their name, e-mail address or id");
            return None;
        }
        (_, Some(extra)) => {
            problems.add(
                Stage::Syntax,
                format!("show {} takes no further argument, got {extra:?}", arguments[0]),
            );
            return None;
        }
        ("resources", None) => View::Resources,
        ("entitlements", None) => View::Entitlements,
        ("grants", None) => View::Grants,
        ("stats", None) => View::Stats,
        ("syncs", None) => View::Syncs,
        (other, None) => {
            problems.hint(format!("show takes one of {}", VIEWS.join(", ")));
            problems.add(Stage::Syntax, unknown_command(other, Verb::Show));
            return None;
        }
    };
    Some(Show {
        view,
        format: format_of(found),
        resource_type: found.optional("type"),
        role: found.optional("role"),
        user: found.optional("user"),
        sync_id: found.optional("sync-id"),
    })
}

fn diff(arguments: &[String], found: &Resolved) -> Diff {
    Diff {
        old: PathBuf::from(&arguments[0]),
        new: arguments.get(1).map(PathBuf::from),
        from: found.optional("from"),
        to: found.optional("to"),
        format: format_of(found),
        resource_type: found.optional("type"),
        role: found.optional("role"),
        user: found.optional("user"),
    }
}
