//! How much there is of each resource type, counted in the database.

use std::{collections::BTreeMap, io::Write};

use super::{finish, note, syncs};
use crate::{
    baton::c1z::C1z,
    cli::{
        print::Trouble,
        sheet::{Cell, Column, Sheet, data, shown},
        view::{choose, known_type, types},
    },
    config::{Format, Show},
};

const COLUMNS: &[Column] = &[
    shown("type", "Type"),
    shown("name", "Name"),
    shown("traits", "Traits"),
    shown("resources", "Resources"),
    shown("entitlements", "Entitlements"),
    shown("grants", "Grants"),
    data("sync_id"),
];

pub(super) fn show(file: &C1z, show: &Show, out: &mut dyn Write) -> Result<(), Trouble> {
    let (sync, odd) = choose(file, show.sync_id.as_deref())?;
    note(odd);
    let stats = file.stats(&sync.id)?;
    let types = types(file, sync)?;
    let wanted = known_type([&types], show.resource_type.as_deref())?;
    // Of what is shown.
    let mut totals = [0; 3];
    let mut sheet = Sheet::new(out, show.format, COLUMNS)?;
    for (id, kind) in types.iter().filter(|(id, _)| wanted.as_ref().is_none_or(|wanted| wanted == *id)) {
        let traits = match show.format {
            Format::Json => Cell::Json(kind.traits.as_slice().into()),
            _ => Cell::Text(kind.traits.join(" ")),
        };
        let count = |of: &BTreeMap<String, u64>| of.get(id).copied().unwrap_or_default();
        let counts = [
            count(&stats.resources_by_resource_type),
            count(&stats.entitlements_by_resource_type),
            count(&stats.grants_by_resource_type),
        ];
        for (total, count) in totals.iter_mut().zip(counts) {
            *total += count;
        }
        let [resources, entitlements, grants] = counts.map(Cell::from);
        sheet.row(vec![
            id.as_str().into(),
            kind.name.as_str().into(),
            traits,
            resources,
            entitlements,
            grants,
            sync.id.as_str().into(),
        ])?;
    }
    if finish(sheet, show.format, "resource type")?.is_some() {
        let [resources, entitlements, grants] = totals;
        let sync = syncs::named(file, sync);
        writeln!(out, "{resources} resources, {entitlements} entitlements and {grants} grants in {sync}")?;
    }
    Ok(())
}
