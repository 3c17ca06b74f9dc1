//! `--help` and the shell completions: the table as clap knows it.
//!
//! clap renders; it does not read the command line. The reference's parser takes flags in ways and complains in words that
//! clap cannot, and stops at the first mistake.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ValueHint};
use clap_complete::Shell as Script;

use super::command::{Shell, VIEWS, Verb};
use super::setting::{Heading, Kind, Rule, Setting, all};
use super::{NAME, VERSION};

const ABOUT: &str = "The Baton connector for NinjaOne: who can do what there, and the means to change it.";

const DETAILS: &str = "\
Without a command: with --client-id it works for the control plane until it is stopped; with a one-shot operation it carries \
that out; otherwise it syncs NinjaOne into the file that --file names.

Every option can also be set by the environment variable named behind it, or by its name in a YAML file (./.baton.yaml, or the \
one that $BATON_CONFIG_PATH names). A flag wins over the environment, the environment over the file. A secret can be read from \
a file: put the path in the variable with _FILE at its end, such as $BATON_NINJA_ONE_CLIENT_SECRET_FILE.";

const EXAMPLES: &str = "\
Examples:
  Try it without an account:
    baton-ninja-one demo
  Sync the European instance into sync.c1z and look at it:
    export BATON_NINJA_ONE_BASE_URL=eu
    export BATON_NINJA_ONE_CLIENT_ID=... BATON_NINJA_ONE_CLIENT_SECRET=...
    baton-ninja-one doctor
    baton-ninja-one
    baton-ninja-one show access jane@example.com
  Serve any Baton client:
    baton-ninja-one serve --listen 127.0.0.1:9090

Exit codes: 0 success, 2 a mistake in the configuration, otherwise the gRPC code of what went wrong.";

/// The command line as clap knows it, for completions and manuals.
pub fn clap_command() -> clap::Command {
    let mut root = base(Verb::Run, NAME)
        .about(format!("{ABOUT}\n\n{DETAILS}"))
        .after_help(EXAMPLES)
        .version(VERSION)
        .disable_help_subcommand(true)
        .disable_version_flag(true)
        .arg(
            Arg::new("version")
                .long("version")
                .short('v')
                .action(ArgAction::Version)
                .help("Print the version")
                .display_order(1001),
        );
    for verb in Verb::TYPED {
        root = root.subcommand(base(verb, verb.word()).about(about(verb)));
    }
    root.subcommand(
        clap::Command::new("help")
            .about("Print this page, or that of a command")
            .arg(Arg::new("command").value_parser(PossibleValuesParser::new(Verb::TYPED.map(Verb::word)))),
    )
}

/// The completion script for a shell.
pub fn completion(shell: Shell) -> String {
    let script = match shell {
        Shell::Bash => Script::Bash,
        Shell::Fish => Script::Fish,
        Shell::PowerShell => Script::PowerShell,
        Shell::Zsh => Script::Zsh,
    };
    let mut out = Vec::new();
    clap_complete::generate(script, &mut clap_command(), NAME, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// The help page of a command.
pub(super) fn page(verb: Verb) -> String {
    let mut root = clap_command();
    root.build();
    let command = match verb {
        Verb::Run => Some(&mut root),
        _ => root.find_subcommand_mut(verb.word()),
    };
    command.map(|command| command.render_help().to_string()).unwrap_or_default().trim_end().to_owned()
}

fn base(verb: Verb, name: &'static str) -> clap::Command {
    let mut command =
        clap::Command::new(name).max_term_width(110).next_line_help(false).arg_required_else_help(false);
    for positional in positionals(verb) {
        command = command.arg(positional);
    }
    // Headings come in the order of their first flag.
    for heading in [Heading::Command].into_iter().chain(Heading::ALL) {
        let shown = under(heading).into_iter().filter(|setting| setting.is_flag());
        for setting in shown.filter(|setting| setting.serves(verb) && concerns(verb, setting)) {
            if command.get_arguments().all(|known| known.get_id() != setting.name) {
                command = command.arg(flag(setting));
            }
        }
    }
    command
}

/// The settings under a heading, those that must be given first.
pub(super) fn under(heading: Heading) -> Vec<&'static Setting> {
    let mut settings: Vec<_> = all().filter(|setting| setting.heading == heading).collect();
    settings.sort_by_key(|setting| !setting.required);
    settings
}

/// Every command takes every setting; its page shows those that it acts on.
fn concerns(verb: Verb, setting: &Setting) -> bool {
    let heading = setting.heading;
    if heading == Heading::Command || heading == Heading::Logs {
        return true;
    }
    match verb {
        Verb::Run => true,
        Verb::Serve => heading != Heading::Sync && heading != Heading::OneShot,
        Verb::Doctor => heading == Heading::NinjaOne,
        Verb::Show => setting.name == "file",
        Verb::HealthCheck => heading == Heading::Health && setting.name != "health-check",
        _ => false,
    }
}

fn about(verb: Verb) -> &'static str {
    match verb {
        Verb::Run | Verb::ConnectorService => "",
        Verb::Serve => "Run the gRPC daemon that any Baton client can sync from",
        Verb::Demo => "Start an embedded NinjaOne simulator, sync from it and print who holds what",
        Verb::Simulate => "Run the NinjaOne simulator alone",
        Verb::Show => {
            "Show what a .c1z file holds: resources, entitlements, grants, access USER, stats or syncs"
        }
        Verb::Diff => {
            "Show who gained and lost what between two .c1z files, or two syncs of one; exit code 1 if anything"
        }
        Verb::Doctor => "Check configuration, network, credentials, scopes and endpoints, changing nothing",
        Verb::HealthCheck => "Ask the health server of a running process",
        Verb::Capabilities => "Print what the connector can do, as JSON",
        Verb::Config => "Print the settings that a deployment can make, as JSON",
        Verb::Completion => "Print a completion script for bash, fish, powershell or zsh",
    }
}

fn positionals(verb: Verb) -> Vec<Arg> {
    let path = |name: &'static str, help: &'static str| {
        Arg::new(name).value_name(name).value_hint(ValueHint::FilePath).help(help)
    };
    match verb {
        Verb::Show => vec![
            Arg::new("WHAT")
                .value_parser(PossibleValuesParser::new(VIEWS))
                .required(true)
                .help("What to show"),
            Arg::new("USER").help("For access: the user's name, e-mail address or id"),
        ],
        Verb::Diff => vec![
            path("OLD", "The earlier file, or one file with two syncs").required(true),
            path("NEW", "The later file"),
        ],
        Verb::Completion => vec![
            Arg::new("SHELL")
                .value_parser(PossibleValuesParser::new(Shell::ALL.map(|(word, _)| word)))
                .required(true)
                .help("The shell"),
        ],
        _ => Vec::new(),
    }
}

fn flag(setting: &'static Setting) -> Arg {
    let mut flag = Arg::new(setting.name)
        .long(setting.name)
        .help(described(setting))
        .help_heading(setting.heading.title())
        .hide(setting.hidden);
    if let Some(letter) = setting.short {
        flag = flag.short(letter);
    }
    if setting.kind == Kind::Bool {
        return flag.action(ArgAction::SetTrue);
    }
    flag = flag.value_name(setting.value_name);
    if !setting.default.is_empty() {
        flag = flag.default_value(setting.default);
    }
    if let Rule::OneOf(values) = setting.rule {
        flag = flag.value_parser(PossibleValuesParser::new(values.iter().filter(|value| !value.is_empty())));
    } else if setting.kind == Kind::Path {
        flag = flag.value_hint(ValueHint::AnyPath);
    }
    flag
}

/// The help text with its environment variable, as the reference prints it.
pub(super) fn described(setting: &Setting) -> String {
    let required = if setting.required { "required: " } else { "" };
    match setting.variable() {
        Some(variable) => format!("{required}{} (${variable})", setting.help),
        None => format!("{required}{}", setting.help),
    }
}
