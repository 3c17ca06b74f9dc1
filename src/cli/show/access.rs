//! One user and everything that the user holds.

use std::io::Write;

use super::{
    Loaded, finish, footer, grants,
    resources::{self, id},
};
use crate::{
    cli::{
        error::CliError,
        print::Trouble,
        sheet::{Cell, Column, Sheet, clean, object, shown},
        view::{self, Facts, Who},
    },
    config::{Format, Show},
};

/// What of [`grants::COLUMNS`] a table shows about one user: who it is stands above it.
const HELD: &[Column] = &[
    shown("holds", "Holds"),
    shown("resource_type", "Type"),
    shown("resource_id", "Id"),
    shown("how", "How"),
];

pub(super) fn show(mut of: Loaded<'_>, show: &Show, user: &str, out: &mut dyn Write) -> Result<(), Trouble> {
    let number = view::find(&[&of.view], &of.ids, user, Who::User)?;
    of.user = Some(number);
    let found = of.view.file.resource(&of.view.sync.id, &id(&of, number))?;
    let resource = found.ok_or_else(|| CliError::new(format!("there is no user {user:?}")))?;
    match show.format {
        Format::Table => table(of, show, &resource, out),
        Format::Csv => {
            let mut sheet = Sheet::new(out, show.format, grants::COLUMNS)?;
            grants::each(&mut of, |held, view, ids| {
                Ok(sheet.row(grants::cells(held, view, ids, show.format))?)
            })?;
            sheet.finish()?;
            Ok(())
        }
        Format::Json => {
            out.write_all(b"{\n\"user\": ")?;
            object(out, resources::COLUMNS, &resources::cells(&resource, show.format))?;
            out.write_all(b",\n\"access\": ")?;
            let mut sheet = Sheet::new(out, show.format, grants::COLUMNS)?;
            grants::each(&mut of, |held, view, ids| {
                Ok(sheet.row(grants::cells(held, view, ids, show.format))?)
            })?;
            sheet.finish()?;
            out.write_all(b"}\n")?;
            Ok(())
        }
    }
}

fn table(
    mut of: Loaded<'_>,
    show: &Show,
    resource: &crate::wire::v2::Resource,
    out: &mut dyn Write,
) -> Result<(), Trouble> {
    let facts = Facts::of(resource);
    writeln!(out, "{}", clean(facts.name()))?;
    let (kind, id) = resource.id.as_ref().map_or(("", ""), |id| (&id.resource_type, &id.resource));
    writeln!(out, "  {:<24} {}", "id", clean(&format!("{kind}:{id}")))?;
    // What an access review asks first is said even when nothing is known.
    let known = facts.list();
    for key in ["status", "mfa", "administrator"] {
        if known.iter().all(|(known, _)| known != key) {
            writeln!(out, "  {:<24} unknown", label(key))?;
        }
    }
    for (key, value) in known.iter().filter(|(key, _)| key != "name") {
        let value = match value.as_str() {
            "true" => "yes",
            "false" => "no",
            value => value,
        };
        writeln!(out, "  {:<24} {}", clean(&label(key)), clean(value))?;
    }
    let mut sheet = Sheet::new(out, show.format, HELD)?;
    grants::each(&mut of, |held, view, ids| {
        let right = view.right(&held.right);
        let (kind, id) = ids.of(held.on);
        Ok(sheet.row(vec![
            right.map_or_else(|| view.name(held.on, ids).to_owned(), |right| view.holding(right, ids)).into(),
            kind.into(),
            id.into(),
            Cell::unless_empty(view.how(&held.how, ids)),
        ])?)
    })?;
    let counted = finish(sheet, show.format, "grant")?;
    footer(out, counted, &of.view)
}

fn label(key: &str) -> String {
    match key {
        "email" => "e-mail".to_owned(),
        "mfa" => "second factor".to_owned(),
        "sso" => "single sign-on".to_owned(),
        "administrator" => "System Administrator".to_owned(),
        key => key.replace('_', " "),
    }
}
