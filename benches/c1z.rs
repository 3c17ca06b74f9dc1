//! Writing and reading a `.c1z` file: 20,000 users, 50 roles, 30,000 grants; with `C1Z_LARGE=1` the same five times over.

#![allow(missing_docs, clippy::unwrap_used)] // a benchmark that cannot run has nothing better to do than to stop

use std::{hint::black_box, path::Path, time::SystemTime};

use baton_ninja_one::{
    baton::{
        c1z::{C1z, Choice, Filter, Limits, NewSync, Options, Store, SyncType},
        ksuid::ksuid,
        model::{Built, Profile, ResourceTypeBuilder, assignment, grant, role, user},
    },
    wire::v2::{self, resource_type::Trait},
};
use criterion::{Criterion, criterion_group, criterion_main};

const PAGE: usize = 2_000;

struct World {
    types: Vec<v2::ResourceType>,
    resources: Vec<v2::Resource>,
    entitlements: Vec<v2::Entitlement>,
    grants: Vec<v2::Grant>,
}

fn id(resource_type: &str, n: usize) -> v2::ResourceId {
    v2::ResourceId { resource_type: resource_type.into(), resource: n.to_string(), ..Default::default() }
}

fn world(users: usize) -> World {
    let user_type = ResourceTypeBuilder::new("user", "User", "A person").with_trait(Trait::User).build();
    let role_type = ResourceTypeBuilder::new("role", "Role", "A role").with_trait(Trait::Role).build();
    let person = |n: usize| {
        let email = format!("first{n}.last{n}@customer-{}.example.org", n % 97);
        let profile = Profile::new()
            .text("first_name", Some(format!("First{n}")))
            .text("last_name", Some(format!("Last{n}")))
            .text("email", Some(&email))
            .text("user_type", Some(if n.is_multiple_of(3) { "TECHNICIAN" } else { "END_USER" }))
            .text("phone", Some(format!("+1 555 01{:04}", n % 10_000)))
            .number("user_id", Some(n as f64))
            .flag("enabled", Some(!n.is_multiple_of(50)))
            .flag("administrator", Some(n.is_multiple_of(500)));
        let facts = v2::UserTrait {
            emails: vec![v2::user_trait::Email { address: email.clone(), is_primary: true }],
            login: email,
            ..Default::default()
        };
        let display_name = format!("First{n} Last{n}");
        user(Built { id: id("user", n), display_name, profile: profile.build(), ..Built::default() }, facts)
    };
    let roles: Vec<_> = (0..50)
        .map(|n| role(Built { id: id("role", n), display_name: format!("Role {n}"), ..Built::default() }))
        .collect();
    let entitlements =
        roles.iter().map(|role| assignment(role, "member", std::slice::from_ref(&user_type))).collect();
    let grants = (0..users * 3 / 2)
        .map(|n| grant(&id("role", n * 50 / (users * 3 / 2)), "member", &id("user", n * 7919 % users)));
    let grants = grants.collect();
    let resources = (0..users).map(person).chain(roles).collect();
    World { types: vec![user_type, role_type], resources, entitlements, grants }
}

fn write(world: &World, path: &Path) {
    let store = Store::open(path, Options::default()).unwrap();
    let sync = NewSync { id: ksuid(SystemTime::now()), kind: SyncType::Full, parent: String::new() };
    let mut writer = store.begin(sync).unwrap();
    writer.put(&world.types).unwrap();
    world.resources.chunks(PAGE).for_each(|page| writer.put(page).unwrap());
    writer.put(&world.entitlements).unwrap();
    world.grants.chunks(PAGE).for_each(|page| writer.put(page).unwrap());
    let saved = writer.finish(true, &|| false).unwrap();
    black_box(saved);
}

fn read(path: &Path) -> usize {
    let file = C1z::open(path, &Limits::default(), None).unwrap();
    let sync = file.choose(&Choice::Default).unwrap().id.clone();
    let resources = file.records::<v2::Resource>(&sync, Filter::All).map(Result::unwrap).count();
    resources + file.records::<v2::Grant>(&sync, Filter::All).map(Result::unwrap).count()
}

fn benches(c: &mut Criterion) {
    let users = if std::env::var_os("C1Z_LARGE").is_some() { 100_000 } else { 20_000 };
    let world = world(users);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sync.c1z");
    let mut group = c.benchmark_group(format!("c1z/{users} users"));
    group.sample_size(10);
    group.bench_function("write a new file", |b| {
        b.iter(|| {
            let _ = std::fs::remove_file(&path);
            write(&world, &path);
        });
    });
    group.bench_function("write beside an earlier sync", |b| b.iter(|| write(&world, &path)));
    group.bench_function("read", |b| b.iter(|| read(&path)));
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
