//! `show`: what a `.c1z` file holds, for people and, as CSV and JSON, for programs.

mod access;
mod entitlements;
mod grants;
mod resources;
mod stats;
pub(super) mod syncs;

use std::{io::Write, path::Path, process::ExitCode};

use super::{
    error::CliError,
    print::{Trouble, complain, to_stdout},
    run::limits,
    sheet::Sheet,
    view::{self, Ids, Number, View, Who},
};
use crate::{
    baton::c1z::C1z,
    config::{Format, Settings, Show, View as Wanted},
};

/// Shows it.
pub(super) fn run(settings: &Settings, show: &Show) -> Result<ExitCode, CliError> {
    refuse_senseless(show)?;
    let file = open(settings, &settings.file)?;
    to_stdout(ExitCode::SUCCESS, |out| match &show.view {
        Wanted::Syncs => syncs::show(&file, show, out),
        Wanted::Stats => stats::show(&file, show, out),
        Wanted::Resources => resources::show(&Loaded::of(&file, show)?, show, out),
        Wanted::Entitlements => entitlements::show(Loaded::of(&file, show)?, show, out),
        Wanted::Grants => grants::show(Loaded::of(&file, show)?, show, out),
        Wanted::Access(access) => access::show(Loaded::of(&file, show)?, show, &access.user, out),
    })
}

/// Opens a file within the limits that the settings give.
pub(super) fn open(settings: &Settings, path: &Path) -> Result<C1z, CliError> {
    Ok(C1z::open(path, &limits(settings.storage.decoder), settings.storage.temp_dir.as_deref())?)
}

/// A filter that a view cannot apply is an error, so that nobody takes the whole for a part.
fn refuse_senseless(show: &Show) -> Result<(), CliError> {
    let given = [
        ("type", show.resource_type.is_some()),
        ("role", show.role.is_some()),
        ("user", show.user.is_some()),
        ("sync-id", show.sync_id.is_some()),
    ];
    let (view, takes): (_, &[&str]) = match &show.view {
        Wanted::Resources => ("resources", &["type", "role", "user", "sync-id"]),
        Wanted::Entitlements => ("entitlements", &["type", "role", "user", "sync-id"]),
        Wanted::Grants => ("grants", &["type", "role", "user", "sync-id"]),
        Wanted::Access(_) => ("access", &["type", "role", "sync-id"]),
        Wanted::Stats => ("stats", &["type", "sync-id"]),
        Wanted::Syncs => ("syncs", &[]),
    };
    match given.iter().find(|(name, is_given)| *is_given && !takes.contains(name)) {
        Some((name, _)) => Err(CliError::new(format!("{name}: show {view} has nothing to filter by that"))),
        None => Ok(()),
    }
}

/// A sync with its names, and the filters as what they mean in it.
struct Loaded<'f> {
    view: View<'f>,
    ids: Ids,
    resource_type: Option<String>,
    role: Option<Number>,
    user: Option<Number>,
}

impl<'f> Loaded<'f> {
    fn of(file: &'f C1z, show: &Show) -> Result<Self, CliError> {
        let (sync, odd) = view::choose(file, show.sync_id.as_deref())?;
        note(odd);
        let mut ids = Ids::default();
        // A plain list of resources needs no names: they are all in it.
        let is_plain = show.view == Wanted::Resources && show.role.is_none() && show.user.is_none();
        let view = if is_plain { View::open(file, sync)? } else { View::load(file, sync, &mut ids, None)? };
        let resource_type = view.known_type(show.resource_type.as_deref())?;
        let find = |text: &Option<String>, who, flag: &str| {
            let text = text.as_deref()?;
            Some(view::find(&[&view], &ids, text, who).map_err(|e| CliError::new(format!("{flag}: {e}"))))
        };
        let role = find(&show.role, Who::Role, "role").transpose()?;
        let user = find(&show.user, Who::User, "user").transpose()?;
        Ok(Self { view, ids, resource_type, role, user })
    }

    /// Whether the type filter lets a resource through.
    fn fits_type(&self, number: Number) -> bool {
        self.resource_type.as_deref().is_none_or(|wanted| self.ids.of(number).0 == wanted)
    }
}

/// What a reader should know about the result, beside it.
pub(super) fn note(odd: Option<String>) {
    if let Some(odd) = odd {
        complain(format_args!("note: {odd}"));
    }
}

/// Ends a sheet, for people with how much there was.
fn finish(sheet: Sheet<'_>, out_of: Format, noun: &str) -> Result<Option<String>, Trouble> {
    let rows = sheet.finish()?;
    let plural = if rows == 1 { "" } else { "s" };
    Ok((out_of == Format::Table).then(|| match rows {
        0 => format!("no {noun}s"),
        _ => format!("{rows} {noun}{plural}"),
    }))
}

/// The last line of a table: how much, of which sync.
fn footer(out: &mut dyn Write, counted: Option<String>, view: &View<'_>) -> Result<(), Trouble> {
    if let Some(counted) = counted {
        writeln!(out, "{counted} in {}", syncs::named(view.file, &view.sync))?;
    }
    Ok(())
}
