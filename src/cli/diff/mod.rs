//! `diff`: what changed between two syncs, and who gained and lost what. The exit code is 0 when nothing did and 1 when
//! something did, so that it can stand in a pipeline.

mod compare;
mod pool;
mod words;

use std::{io::Write, process::ExitCode};

use self::{
    compare::{Comparison, Filters},
    words::Words,
};
use super::{
    error::CliError,
    print::{Trouble, to_stdout},
    sheet::{Sheet, clean},
    show::{note, open, syncs},
    view::{self, Ids, View, Who},
};
use crate::{
    baton::c1z::{C1z, SyncRun, SyncType},
    config::{Diff, Format, Settings},
};

/// The exit code that says that something changed.
const DIFFERENT: u8 = 1;

/// Compares them.
pub(super) fn run(settings: &Settings, diff: &Diff) -> Result<ExitCode, CliError> {
    let older = open(settings, &diff.old)?;
    let newer = diff.new.as_deref().map(|path| open(settings, path)).transpose()?;
    let newer = newer.as_ref().unwrap_or(&older);
    let to = chosen(newer, diff.to.as_deref())?;
    let from = match (&diff.from, &diff.new) {
        (Some(id), _) => chosen(&older, Some(id))?,
        (None, Some(_)) => chosen(&older, None)?,
        (None, None) => before(&older, to)?,
    };
    if from.kind != to.kind {
        note(Some(format!("a sync of the kind {} is compared with one of the kind {}", from.kind, to.kind)));
    }
    if from.ended_at > to.ended_at {
        note(Some("the first sync is younger than the second".to_owned()));
    }

    let mut ids = Ids::default();
    let old = View::load(&older, from, &mut ids, Some(compare::digest))?;
    let new = View::load(newer, to, &mut ids, Some(compare::digest))?;
    if old.types.keys().all(|id| !new.types.contains_key(id)) {
        note(Some("the two syncs have no resource type in common".to_owned()));
    }
    let filters = filters(diff, &old, &new, &ids)?;
    let found = Comparison::of(old, new, ids, &filters)?;
    let code = if found.changes.is_empty() { 0 } else { DIFFERENT };
    to_stdout(ExitCode::from(code), |out| print(&found, diff.format, out))
}

/// The sync asked for, or the one that is shown by default. One that did not finish would show losses that never happened, so
/// it has to be asked for.
fn chosen<'f>(file: &'f C1z, wanted: Option<&str>) -> Result<&'f SyncRun, CliError> {
    let (sync, odd) = view::choose(file, wanted)?;
    if wanted.is_none() && sync.ended_at.is_none() {
        let path = file.path().display();
        return Err(CliError::new(format!(
            "{path} holds no finished sync; name sync {} by --from or --to to compare it nevertheless",
            sync.id
        )));
    }
    note(odd);
    Ok(sync)
}

/// The newest finished full sync before this one.
fn before<'f>(file: &'f C1z, to: &SyncRun) -> Result<&'f SyncRun, CliError> {
    let age = |run: &'f SyncRun| (run.ended_at, run.id.as_str());
    let earlier = file.syncs().iter().filter(|run| {
        run.ended_at.is_some() && run.kind == SyncType::Full && age(run) < (to.ended_at, to.id.as_str())
    });
    earlier.max_by_key(|run| age(run)).ok_or_else(|| {
        CliError::new(format!(
            "{} holds no full sync before {}; name a second file, or an earlier sync by --from",
            file.path().display(),
            to.id
        ))
    })
}

fn filters(diff: &Diff, old: &View<'_>, new: &View<'_>, ids: &Ids) -> Result<Filters, CliError> {
    let find = |text: &Option<String>, who, flag: &str| {
        let text = text.as_deref()?;
        Some(view::find(&[new, old], ids, text, who).map_err(|e| CliError::new(format!("{flag}: {e}"))))
    };
    Ok(Filters {
        resource_type: view::known_type([&old.types, &new.types], diff.resource_type.as_deref())?,
        role: find(&diff.role, Who::Role, "role").transpose()?,
        user: find(&diff.user, Who::User, "user").transpose()?,
    })
}

fn print(found: &Comparison<'_>, format: Format, out: &mut dyn Write) -> Result<(), Trouble> {
    let words = Words::new(found);
    if format != Format::Table {
        let mut sheet = Sheet::new(out, format, words::COLUMNS)?;
        for change in &found.changes {
            sheet.row(words.cells(change))?;
        }
        sheet.finish()?;
        return Ok(());
    }
    writeln!(out, "from {}", syncs::named(found.old.file, &found.old.sync))?;
    writeln!(out, "to   {}", syncs::named(found.new.file, &found.new.sync))?;
    for change in &found.changes {
        writeln!(out, "{} {}", change.sign(), clean(&words.sentence(change)))?;
    }
    writeln!(out, "{}", words.summary())?;
    Ok(())
}
