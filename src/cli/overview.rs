//! A sync in one screen, for people: how much there is, who holds which role, and what deserves a look.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
};

use comfy_table::{ContentArrangement, Table, presets};
use prost_types::value::Kind;

use crate::{
    baton::sync::Records,
    ninja_one::{
        capabilities::{ROLE, USER},
        roles::SYSTEM_ADMINISTRATOR,
    },
    wire::{
        find,
        v2::{self, status::ResourceStatus},
    },
};

/// Roles and names at the most: a screen, not a book.
const ROLES: usize = 12;
const NAMES: usize = 3;

/// What a sync found, ready to be printed.
pub(super) struct Overview<'a> {
    records: &'a Records,
    /// Who holds what: role id to the ids of its holders.
    holders: BTreeMap<&'a str, Vec<&'a str>>,
    users: HashMap<&'a str, &'a v2::Resource>,
}

impl<'a> Overview<'a> {
    /// Sorts the records by role.
    pub(super) fn new(records: &'a Records) -> Self {
        let of_type = |wanted: &'static str| {
            records.resources.iter().filter_map(move |r| {
                let id = r.id.as_ref().filter(|id| id.resource_type == wanted)?;
                Some((id.resource.as_str(), r))
            })
        };
        let mut holders: BTreeMap<&str, Vec<&str>> = of_type(ROLE).map(|(id, _)| (id, Vec::new())).collect();
        for grant in &records.grants {
            if let (Some(role), Some(user)) = (held(grant), holder(grant)) {
                holders.entry(role).or_default().push(user);
            }
        }
        Self { records, holders, users: of_type(USER).collect() }
    }

    fn name(&self, user: &'a str) -> &'a str {
        self.users.get(user).map_or(user, |u| u.display_name.as_str())
    }

    fn names(&self, users: &[&'a str]) -> String {
        let mut text = users.iter().take(NAMES).map(|u| self.name(u)).collect::<Vec<_>>().join(", ");
        if users.len() > NAMES {
            text += &format!(", +{}", users.len() - NAMES);
        }
        text
    }

    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
        if table.width().is_none() {
            table.set_width(100); // not a terminal
        }
        table.set_header(["Role", "For", "Holders", "Who"]);
        let roles = self
            .records
            .resources
            .iter()
            .filter(|r| r.id.as_ref().is_some_and(|id| id.resource_type == ROLE));
        let mut roles: Vec<_> = roles.collect();
        let count = |r: &v2::Resource| self.holders[id(r)].len();
        roles.sort_by_key(|r| (id(r) != SYSTEM_ADMINISTRATOR, std::cmp::Reverse(count(r))));
        for role in roles.iter().take(ROLES) {
            let whom = match text(role, "role_type") {
                Some("technician") => "technicians",
                Some("end_user") => "end users",
                other => other.unwrap_or("?"),
            };
            let users = &self.holders[id(role)];
            table.add_row([&role.display_name, whom, &users.len().to_string(), &self.names(users)]);
        }
        table
    }

    /// What an access review would ask about.
    fn findings(&self) -> Vec<String> {
        let administrators = self.holders.get(SYSTEM_ADMINISTRATOR).map(Vec::as_slice).unwrap_or_default();
        let those =
            |users: &mut dyn Iterator<Item = &'a str>, fits: fn(&v2::Resource) -> bool| -> Vec<&'a str> {
                users.filter(|u| self.users.get(u).is_some_and(|u| fits(u))).collect()
            };
        let holding: BTreeSet<_> = self.holders.values().flatten().copied().collect();
        let single = those(&mut administrators.iter().copied(), |u| mfa(u) == Some(false));
        let disabled = those(&mut holding.into_iter(), is_disabled);
        let mut found = Vec::new();
        for (users, what) in [
            (single, "System Administrators without a second factor"),
            (disabled, "disabled accounts that still hold roles"),
        ] {
            if !users.is_empty() {
                found.push(format!("{what}: {} ({})", users.len(), self.names(&users)));
            }
        }
        found
    }
}

impl fmt::Display for Overview<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = |wanted| self.users.values().filter(|u| text(u, "user_type") == Some(wanted)).count();
        writeln!(
            f,
            "{} technicians, {} end users, {} roles, {} grants",
            kind("technician"),
            kind("end_user"),
            self.holders.len(),
            self.records.grants.len()
        )?;
        writeln!(f, "{}", self.table())?;
        if self.holders.len() > ROLES {
            writeln!(f, "and {} roles more", self.holders.len() - ROLES)?;
        }
        self.findings().iter().try_for_each(|finding| writeln!(f, "! {finding}"))
    }
}

fn id(resource: &v2::Resource) -> &str {
    resource.id.as_ref().map_or("", |id| id.resource.as_str())
}

fn held(grant: &v2::Grant) -> Option<&str> {
    grant.entitlement.as_ref()?.resource.as_ref().map(id)
}

fn holder(grant: &v2::Grant) -> Option<&str> {
    grant.principal.as_ref().map(id)
}

fn text<'a>(resource: &'a v2::Resource, key: &str) -> Option<&'a str> {
    match resource.profile.as_ref()?.fields.get(key)?.kind.as_ref()? {
        Kind::StringValue(text) => Some(text),
        _ => None,
    }
}

fn mfa(user: &v2::Resource) -> Option<bool> {
    find::<v2::UserTrait>(&user.annotations)?.mfa_status.map(|m| m.mfa_enabled)
}

fn is_disabled(user: &v2::Resource) -> bool {
    user.status.as_ref().is_some_and(|s| s.status() == ResourceStatus::Disabled)
}
