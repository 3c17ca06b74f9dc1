//! Tenants out of a size and a seed: the same two always give the same data, on every machine.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{
    field::{Field, Stamp},
    inventory::ActivityClass,
    names,
    people::{Member, User, UserKind},
    tenant::Tenant,
};

const DEVICE_CLASSES: [&str; 4] = ["WINDOWS_WORKSTATION", "WINDOWS_SERVER", "MAC", "LINUX_SERVER"];
const LOGINS: usize = 500;
const EPOCH: u64 = 1_759_000_000;

/// How large a generated tenant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    users: usize,
    roles: usize,
    organizations: usize,
    devices: usize,
    oddities: bool,
}

impl Default for Size {
    /// 60 users, 6 roles, 3 organizations, 12 devices.
    fn default() -> Self {
        Self { users: 60, roles: 6, organizations: 3, devices: 12, oddities: true }
    }
}

impl Size {
    /// This many users, a third of them technicians, and the default of everything else.
    pub fn users(users: usize) -> Self {
        Self { users, ..Self::default() }
    }

    /// This many user roles, by turns for technicians and for end users.
    #[must_use]
    pub fn roles(self, roles: usize) -> Self {
        Self { roles, ..self }
    }

    /// This many organizations, at least one.
    #[must_use]
    pub fn organizations(self, organizations: usize) -> Self {
        Self { organizations: organizations.max(1), ..self }
    }

    /// This many devices.
    #[must_use]
    pub fn devices(self, devices: usize) -> Self {
        Self { devices, ..self }
    }

    /// Whether a few accounts carry unknown enum values and missing fields; they do unless told otherwise.
    #[must_use]
    pub fn oddities(self, oddities: bool) -> Self {
        Self { oddities, ..self }
    }
}

impl Tenant {
    /// A tenant of this size; the same seed gives the same tenant.
    pub fn generate(size: &Size, seed: u64) -> Self {
        let mut dice = Dice(seed ^ 0x6e69_6e6a_615f_6f6e);
        let mut tenant = Self::empty()
            .device_role(1001, "Windows Workstation")
            .device_role(1002, "Windows Server")
            .device_role(1450, "Kiosk")
            .script(146, "Disable local account")
            .script(147, "Clear print queue");
        organizations(&mut tenant, size);
        users(&mut tenant, size, &mut dice);
        roles(&mut tenant, size, &mut dice);
        devices(&mut tenant, size, &mut dice);
        logins(&mut tenant);
        tenant
    }
}

fn organizations(tenant: &mut Tenant, size: &Size) {
    for number in 0..size.organizations {
        let company = names::COMPANY[number % names::COMPANY.len()];
        let trade = names::TRADE[(number * 5 + number / names::COMPANY.len()) % names::TRADE.len()];
        let id = id(number) + 1;
        let built = std::mem::take(tenant).organization(id, &format!("{company} {trade}"));
        *tenant = built;
        if let Some(organization) = tenant.organizations.last_mut() {
            organization.description = if number % 2 == 0 { "Managed customer".into() } else { Field::Null };
            if number % 3 == 0 {
                organization.extra.insert("userData".to_owned(), Value::Object(Map::new()));
            }
        }
    }
}

fn users(tenant: &mut Tenant, size: &Size, dice: &mut Dice) {
    let mut ids: Vec<i32> = (0..size.users).map(|number| id(number) + 11).collect();
    dice.shuffle(&mut ids);
    let technicians = size.users.div_ceil(3);
    let administrators = (technicians / 10).clamp(1, 5);
    let mut taken: HashMap<String, usize> = HashMap::new();
    for (number, &id) in ids.iter().enumerate() {
        let kind = if number < technicians { UserKind::Technician } else { UserKind::EndUser };
        let first = names::FIRST[dice.below(names::FIRST.len())];
        let last = names::LAST[dice.below(names::LAST.len())];
        let login = format!("{}.{}", first.to_lowercase(), last.to_lowercase());
        let host = if kind == UserKind::Technician { "example.com" } else { "example.org" };
        let namesakes = taken.entry(login.clone()).or_default();
        *namesakes += 1;
        let email =
            if *namesakes == 1 { format!("{login}@{host}") } else { format!("{login}{namesakes}@{host}") };
        let mut user = User::new(kind, id, first, last, &email);
        settle(&mut user, number, size, dice);
        user.administrator = (number < administrators).into();
        if number < administrators {
            // An administrator who cannot log in would leave a tenant nobody can manage.
            user.enabled = true.into();
            user.scim_user = false.into();
        }
        user.permit_all_clients = (kind == UserKind::Technician && number % 4 == 0).into();
        tenant.users.insert(user);
    }
    if size.oddities {
        oddities(tenant, &ids);
    }
    // The listings must not come in an order a client could lean on.
    let mut order: Vec<User> = tenant.users.iter().cloned().collect();
    dice.shuffle(&mut order);
    tenant.users = order.into_iter().collect();
}

fn settle(user: &mut User, number: usize, size: &Size, dice: &mut Dice) {
    user.phone = if dice.one_in(2) { format!("+1555555{:04}", number % 10_000).into() } else { Field::Null };
    user.enabled = (!dice.one_in(9)).into();
    user.must_change_password = dice.one_in(12).into();
    user.notify_all_clients = dice.one_in(10).into();
    user.mfa_configured = if dice.one_in(11) { Field::Absent } else { dice.one_in(2).into() };
    user.invitation_status = match dice.below(10) {
        0 => "PENDING",
        1 => "EXPIRED",
        _ => "REGISTERED",
    }
    .into();
    if dice.one_in(8) {
        user.scim_user = true.into();
        user.auth_type = "SSO".into();
    }
    user.tags = if dice.one_in(3) { Vec::new().into() } else { Field::Null };
    user.fields = if dice.one_in(2) { Field::Null } else { Field::Absent };
    if user.kind == UserKind::EndUser {
        user.organization_id = (id(dice.below(size.organizations)) + 1).into();
        user.full_portal_access = dice.one_in(5).into();
    } else if dice.one_in(2) {
        user.organization_id = Field::Absent;
    }
}

fn oddities(tenant: &mut Tenant, ids: &[i32]) {
    let mut last = ids.iter().rev();
    let mut change = |how: fn(&mut User)| {
        if let Some(user) = last.next().and_then(|&id| tenant.users.get_mut(id)) {
            how(user);
        }
    };
    change(|user| user.invitation_status = "SUSPENDED".into());
    change(|user| user.invitation_status = Field::Absent);
    change(|user| user.auth_type = "PASSKEY".into());
    change(|user| user.last_name = Field::Null);
    change(|user| {
        user.extra.insert("preferredTheme".to_owned(), Value::from("dark"));
    });
}

fn roles(tenant: &mut Tenant, size: &Size, dice: &mut Dice) {
    let mut by_kind: [Vec<usize>; 2] = [Vec::new(), Vec::new()];
    for number in 0..size.roles {
        let staff = number % 2 == 0;
        let words: &[&str] = if staff { &names::STAFF_ROLE } else { &names::PORTAL_ROLE };
        let place = number / 2;
        let name = match place / words.len() {
            0 => words[place].to_owned(),
            round => format!("{} {}", words[place % words.len()], round + 1),
        };
        let kind = if staff { UserKind::Technician } else { UserKind::EndUser };
        // The list must not be sorted by id.
        let id = 201 + id(size.roles - number);
        let built = std::mem::take(tenant).role(id, &name, kind.name());
        *tenant = built;
        if let Some(role) = tenant.roles.last_mut()
            && number % 3 != 2
        {
            role.description = format!("{name} of the generated tenant").into();
        }
        by_kind[usize::from(!staff)].push(number);
    }
    for user in tenant.users.iter() {
        let choice = &by_kind[usize::from(user.kind == UserKind::EndUser)];
        let wanted = match dice.below(20) {
            0 | 1 => 0,
            2..=10 => 1,
            11..=17 => 2,
            _ => 3,
        };
        let start = dice.below(choice.len().max(1));
        for step in 0..wanted.min(choice.len()) {
            let source = match dice.below(12) {
                0 => "GROUP_MAPPING",
                1 if user.scim_user.is_true() => "SCIM",
                _ => "MANUAL",
            };
            let place = choice[(start + step) % choice.len()];
            tenant.roles[place].members.push(Member { user: user.id, source: source.into() });
        }
    }
    if size.oddities
        && let Some(member) = tenant.roles.first_mut().and_then(|role| role.members.first_mut())
    {
        member.source = Field::Absent;
    }
}

fn devices(tenant: &mut Tenant, size: &Size, dice: &mut Dice) {
    for number in 0..size.devices {
        let organization = id(dice.below(size.organizations)) + 1;
        let built = std::mem::take(tenant).device(
            id(number) + 4101,
            &format!("HOST-{:05}", number + 1),
            organization,
        );
        *tenant = built;
        let owner = if tenant.users.is_empty() || dice.one_in(3) {
            Field::Absent
        } else {
            tenant.users[dice.below(tenant.users.len())].uid.clone().into()
        };
        if let Some(device) = tenant.devices.last_mut() {
            device.assigned_owner_uid = owner;
            device.node_class = DEVICE_CLASSES[dice.below(DEVICE_CLASSES.len())].into();
            device.location_id = organization.into();
            device.offline = dice.one_in(4).into();
            if dice.one_in(2) {
                device.display_name = format!("Desk {}", number + 1).into();
            }
            if size.oddities && number % 9 == 8 {
                device.approval_status = "PENDING".into();
            }
        }
    }
    if size.oddities
        && let Some(device) = tenant.devices.last_mut()
    {
        device.node_class = "WATCH".into();
        // A contact, not a user, may own a device too.
        device.assigned_owner_uid = "0c0ffee0-0000-4000-8000-000000000001".into();
    }
}

fn logins(tenant: &mut Tenant) {
    let people: Vec<(i32, UserKind, String)> = tenant
        .users
        .iter()
        .filter(|user| user.enabled.is_true())
        .take(LOGINS)
        .map(|user| (user.id, user.kind, user.full_name()))
        .collect();
    for (number, (user, kind, name)) in people.into_iter().enumerate() {
        let code = if kind == UserKind::Technician { "APP_USER_LOGGED_IN" } else { "END_USER_LOGGED_IN" };
        let seconds = EPOCH + u64::try_from(number).unwrap_or_default() * 60;
        let entry = tenant.note(
            Stamp { seconds, nanos: 250_000_000 },
            ActivityClass::User,
            code,
            &format!("{name} logged in"),
        );
        entry.user_id = user.into();
    }
}

fn id(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX - 10_000)
}

/// A tiny generator (SplitMix64): the sequence must never change with a dependency's version.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).unwrap_or(1);
        usize::try_from(self.next() % limit).unwrap_or_default()
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for place in (1..items.len()).rev() {
            items.swap(place, self.below(place + 1));
        }
    }
}
