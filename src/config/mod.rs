//! Settings: flags over environment over a config file over defaults, and every mistake reported at once.
//!
//! One table says everything there is to know about a setting (`official`, `own`): its name, kind, default, help, rules and
//! where it may be given. The flags, the environment names, the keys of the config file, `--help`, the completions, the
//! `config` subcommand and docs/configuration.md all follow from it. To add a setting: one line in the table, one field in
//! [`Settings`].
//!
//! The command line is a drop-in for that of a connector built with the reference SDK: same names, same precedence, same
//! error texts, same exit codes. [`parse()`] reads arguments, environment and files, and nothing else: it prints nothing and
//! ends no process. What a value means to NinjaOne or to the control plane is decided in the rooms that use it.

mod arguments;
mod command;
mod environment;
mod failure;
mod file;
mod help;
mod official;
mod one_shot;
mod own;
mod parse;
mod reference;
mod relation;
mod resolve;
mod schema;
mod secret;
mod setting;
mod settings;
mod value;

#[cfg(test)]
mod tests;

pub use command::{Access, Command, Diff, Doctor, Format, HealthProbe, Shell, Show, View};
pub use environment::{Environment, ProcessEnvironment};
pub use failure::{FLAG_ERROR, Failure};
pub use help::{clap_command, completion};
pub use one_shot::OneShot;
pub use parse::{Invocation, parse};
pub use reference::reference_markdown;
pub use schema::{Configuration, Field, FieldKind, IntRules, StringRules, schema, schema_json};
pub use secret::{Secret, SecretFileError};
pub use settings::{
    ControlPlane, DecoderLimits, Health, Logs, NinjaOne, Otel, Selection, Serve, Settings, Simulation,
    Storage, Writes,
};

/// The name of the program, as it is typed and as it introduces itself.
pub const NAME: &str = "baton-ninja-one";

/// The version of the program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
