//! How much there is of each resource type, counted in the database.

use std::io::Write;

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
    let mut sheet = Sheet::new(out, show.format, COLUMNS)?;
    for (id, kind) in types.iter().filter(|(id, _)| wanted.as_ref().is_none_or(|wanted| wanted == *id)) {
        let traits = match show.format {
            Format::Json => Cell::Json(kind.traits.as_slice().into()),
            _ => Cell::Text(kind.traits.join(" ")),
        };
        let count = |of: &std::collections::BTreeMap<String, u64>| of.get(id).copied().unwrap_or_default();
        sheet.row(vec![
            id.as_str().into(),
            kind.name.as_str().into(),
            traits,
            count(&stats.resources_by_resource_type).into(),
            count(&stats.entitlements_by_resource_type).into(),
            count(&stats.grants_by_resource_type).into(),
            sync.id.as_str().into(),
        ])?;
    }
    if finish(sheet, show.format, "resource type")?.is_some() {
        writeln!(
            out,
            "{} resources, {} entitlements and {} grants in {}",
            stats.resources,
            stats.entitlements,
            stats.grants,
            syncs::named(file, sync)
        )?;
    }
    Ok(())
}
