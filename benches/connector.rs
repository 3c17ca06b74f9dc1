//! The hot path, stage by stage, for a tenant of 20,000 users and 50 roles: decoding the users list, fetching the directory,
//! mapping it to messages, and a whole sync into a file. The simulator runs in the same process; its share of the time is in
//! `fetch` and `sync`.

#![allow(missing_docs, clippy::unwrap_used)] // a benchmark that cannot run has nothing better to do than to stop

use std::{hint::black_box, sync::Arc, time::Duration};

use baton_ninja_one::{
    baton::{
        c1z::{Options as FileOptions, Store},
        connector::{Call, Connector, PageRequest, ResourceQuery},
        sync::Syncer,
    },
    ninja_one::{
        NinjaOne, Options,
        rest::{
            Client, ClientConfig, Host,
            model::User,
            splitter::{ArraySplitter, SplitError},
        },
    },
    simulator::{self, Simulator, Size, Tenant},
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

const USERS: usize = 20_000;
/// The size of a read from the network.
const CHUNK: usize = 16 << 10;

fn connector(simulator: &Simulator, max_age: Duration) -> NinjaOne {
    let host = Host::parse(&simulator.url()).unwrap();
    let config = ClientConfig::new(host, simulator.client_id(), simulator.client_secret().clone());
    NinjaOne::new(Client::new(config).unwrap(), &Options { directory_max_age: max_age, ..Options::default() })
}

/// One user as NinjaOne sends it, with its own id.
fn users_body() -> Vec<u8> {
    let user = |id: usize| {
        serde_json::json!({
            "id": id, "uid": format!("00000000-0000-4000-8000-{id:012}"), "firstName": "Tess", "lastName": "North",
            "email": format!("tess.north.{id}@example.org"), "phone": null, "enabled": true, "administrator": false,
            "permitAllClients": true, "notifyAllClients": false, "mustChangePw": false, "mfaConfigured": id.is_multiple_of(2),
            "userType": "TECHNICIAN", "invitationStatus": "REGISTERED", "organizationId": null, "deviceIds": null,
            "assignedDeviceIds": [1, 2, 3], "tags": null, "fields": null, "roles": ["Service Desk", "Auditors"],
        })
    };
    serde_json::to_vec(&(1..=USERS).map(user).collect::<Vec<_>>()).unwrap()
}

fn decode(c: &mut Criterion) {
    let body = users_body();
    let mut group = c.benchmark_group("decode");
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("users", |b| {
        b.iter(|| {
            let (mut splitter, mut count) = (ArraySplitter::new(), 0_usize);
            for chunk in body.chunks(CHUNK) {
                splitter
                    .feed(chunk, &mut |_, element| {
                        let user: User<'_> = serde_json::from_slice(element).unwrap();
                        count += usize::from(black_box(user).id.is_some());
                        Ok::<_, SplitError>(())
                    })
                    .unwrap();
            }
            assert_eq!(count, USERS);
        });
    });
    group.finish();
}

fn whole(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let tenant = Tenant::generate(&Size::users(USERS).roles(50), 1);
    let simulator = runtime.block_on(Simulator::start(simulator::Options::with(tenant))).unwrap();
    let (fresh, kept) =
        (Arc::new(connector(&simulator, Duration::ZERO)), connector(&simulator, Duration::MAX));

    let mut group = c.benchmark_group("tenant");
    group.sample_size(10).throughput(Throughput::Elements(USERS as u64));
    group.bench_function("fetch", |b| {
        b.iter(|| runtime.block_on(fresh.directory().snapshot(None)).unwrap().account_count());
    });
    group.bench_function("map", |b| {
        let query = ResourceQuery { resource_type: "user".to_owned(), parent: None };
        b.iter(|| {
            let (mut page, mut count) = (PageRequest::default(), 0);
            loop {
                let answer = runtime.block_on(kept.resources(&Call::default(), &query, &page)).unwrap();
                count += black_box(answer.items).len();
                match answer.next {
                    Some(token) => page = page.next(token),
                    None => break,
                }
            }
            assert_eq!(count, USERS);
        });
    });
    group.bench_function("sync", |b| {
        let folder = tempfile::tempdir().unwrap();
        b.iter(|| {
            let path = folder.path().join("sync.c1z");
            let _ = std::fs::remove_file(&path);
            let store = Store::open(&path, FileOptions::default()).unwrap();
            let connector: Arc<dyn Connector> = Arc::clone(&fresh) as _;
            let syncer = Syncer::new(connector);
            runtime.block_on(syncer.run(store, &CancellationToken::new())).unwrap().1.bytes
        });
    });
    group.finish();
}

criterion_group!(benches, decode, whole);
criterion_main!(benches);
