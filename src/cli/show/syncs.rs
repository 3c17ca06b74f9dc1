//! The syncs in a file.

use std::io::Write;

use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339, macros::format_description};

use super::finish;
use crate::{
    baton::c1z::{C1z, Choice, SyncRun},
    cli::{
        print::Trouble,
        sheet::{Cell, Column, Sheet, data, shown},
    },
    config::{Format, Show},
};

const COLUMNS: &[Column] = &[
    shown("id", "Sync"),
    shown("type", "Type"),
    shown("started", "Started (UTC)"),
    data("started_at"),
    data("ended_at"),
    shown("seconds", "Took"),
    shown("resources", "Resources"),
    data("entitlements"),
    shown("grants", "Grants"),
    data("shown_by_default"),
    data("parent"),
    data("token"),
];

pub(super) fn show(file: &C1z, show: &Show, out: &mut dyn Write) -> Result<(), Trouble> {
    let usual = file.choose(&Choice::Default).ok().map(|run| run.id.clone());
    let mut sheet = Sheet::new(out, show.format, COLUMNS)?;
    for run in file.syncs() {
        let stats = file.stats(&run.id)?;
        let is_usual = usual.as_deref() == Some(run.id.as_str());
        let took = match (run.started_at, run.ended_at) {
            (Some(from), Some(to)) => Some((to - from).as_seconds_f64()),
            _ => None,
        };
        let took = match show.format {
            Format::Table => Some(took.map_or("unfinished".into(), |s| format!("{s:.1} s").into())),
            _ => took.map(|s| Cell::Json(serde_json::json!((s * 1000.0).round() / 1000.0))),
        };
        sheet.row(vec![
            run.id.as_str().into(),
            run.kind.as_str().into(),
            run.started_at.map(readable).into(),
            run.started_at.and_then(precise).into(),
            run.ended_at.and_then(precise).into(),
            took.unwrap_or(Cell::Unknown),
            stats.resources.into(),
            stats.entitlements.into(),
            stats.grants.into(),
            is_usual.into(),
            Cell::unless_empty(run.parent.as_str()),
            Cell::unless_empty(run.token.as_str()),
        ])?;
    }
    if let Some(counted) = finish(sheet, show.format, "sync")? {
        writeln!(out, "{counted} in {}", file.path().display())?;
        if let Some(usual) = usual.filter(|_| file.syncs().len() > 1) {
            writeln!(out, "without --sync-id, {usual} is shown")?;
        }
    }
    Ok(())
}

/// A sync in words.
pub(in crate::cli) fn named(file: &C1z, run: &SyncRun) -> String {
    let when = run.ended_at.or(run.started_at).map(|t| format!(" of {} UTC", readable(t)));
    format!("{}, sync {}{}", file.path().display(), run.id, when.unwrap_or_default())
}

fn readable(moment: OffsetDateTime) -> String {
    let form = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    moment.to_offset(UtcOffset::UTC).format(form).unwrap_or_default()
}

fn precise(moment: OffsetDateTime) -> Option<String> {
    moment.format(&Rfc3339).ok()
}
