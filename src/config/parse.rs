//! From arguments, environment and files to one invocation, or to everything that is wrong with it.

use std::ffi::OsString;
use std::path::Path;

use super::command::{Command, Verb, unknown_command};
use super::environment::Environment;
use super::failure::{Failure, Problems, Stage};
use super::file::ConfigFile;
use super::resolve::{Layers, Resolved};
use super::settings::Settings;
use super::{NAME, VERSION, arguments, help, relation};

/// What the program has been asked to do.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The command.
    pub command: Command,
    /// The settings.
    pub settings: Settings,
    /// What should be logged about the settings once logs exist. Names settings, never secrets.
    pub warnings: Vec<String>,
}

/// Reads the settings of a process that was started with `args` (the program's name first) in the directory `cwd`.
///
/// # Errors
/// Every mistake at once, or a page of help; see [`Failure`].
pub fn parse(
    args: impl IntoIterator<Item = OsString>,
    env: &dyn Environment,
    cwd: &Path,
) -> Result<Invocation, Failure> {
    let mut problems = Problems::default();
    let mut warnings = Vec::new();
    let mut arguments = arguments::split(args.into_iter().skip(1), &mut problems);
    let verb = verb(&mut arguments, &mut problems)?;
    if arguments.version {
        return Err(Failure::page(format!("{NAME} version {VERSION}")));
    }
    let file = ConfigFile::load(env, cwd, &mut problems, &mut warnings);
    let found = Layers {
        verb,
        arguments: &arguments,
        env,
        file: &file,
        cwd,
        problems: &mut problems,
        warnings: &mut warnings,
    }
    .resolve();
    relation::check(verb, &found, &mut problems);
    temp_dir_exists(verb, &found, cwd, &mut problems);
    let command = if arguments.words_uncertain && problems.any(Stage::Syntax) {
        None
    } else {
        Command::build(verb, &arguments.words, &found, &mut problems)
    };
    let settings = Settings::build(&found, &mut warnings);
    match (problems.into_failure(&warnings), command) {
        (None, Some(command)) => Ok(Invocation { command, settings, warnings }),
        (Some(failure), _) => Err(failure),
        (None, None) => Err(Failure::error(format!("{} cannot be run like this", verb.path()))),
    }
}

/// Takes the command's word off the words, and answers a request for help.
fn verb(arguments: &mut arguments::Arguments, problems: &mut Problems) -> Result<Verb, Failure> {
    let mut words = arguments.words.iter();
    let mut word = words.next().map(String::as_str);
    let asks_for_help = arguments.help || word == Some("help");
    if word == Some("help") {
        word = words.next().map(String::as_str);
    }
    let verb = match word {
        None => Verb::Run,
        Some(word) => match Verb::from_word(word) {
            Some(verb) => verb,
            None => {
                // The words stay, so that the bare command answers which of them it does not know.
                if asks_for_help {
                    problems.add(Stage::Syntax, unknown_command(word, Verb::Run));
                    return match std::mem::take(problems).into_failure(&[]) {
                        Some(failure) => Err(failure),
                        None => Ok(Verb::Run),
                    };
                }
                return Ok(Verb::Run);
            }
        },
    };
    if asks_for_help || (verb == Verb::Completion && arguments.words.len() == 1) {
        return Err(Failure::page(help::page(verb)));
    }
    if verb != Verb::Run {
        arguments.words.remove(0);
    }
    Ok(verb)
}

fn temp_dir_exists(verb: Verb, found: &Resolved, cwd: &Path, problems: &mut Problems) {
    let Some(directory) = found.path("c1z-temp-dir").filter(|_| verb.needs_ninja_one()) else {
        return;
    };
    if !cwd.join(&directory).is_dir() {
        problems.add(
            Stage::Relation,
            format!("the specified c1z temp dir does not exist: {}", directory.display()),
        );
    }
}
