//! What is listed, in which order, and what a selection leaves out.

use std::sync::{Mutex, atomic::Ordering};

use super::*;

fn world() -> Scripted {
    let mut world = Scripted::new();
    world.users(&["1", "2", "3"]);
    world.group("a", &[rid("user", "1"), rid("user", "2")]);
    world.group("b", &[rid("user", "3")]);
    world.annotate_type("user", &v2::SkipEntitlementsAndGrants {});
    world
}

#[tokio::test]
async fn a_connector_is_walked_in_the_order_of_the_protocol() {
    let mut world = world();
    world.page = 2;
    let world = Arc::new(world);
    let (report, records) = sync(&world).await.unwrap();
    let expected = "\
validate
resources user
resources user@2
resources group
static user
static group
entitlements group:a
entitlements group:b
grants group:a
grants group:b
cleanup";
    assert_eq!(world.asked().join("\n"), expected);
    assert_eq!(keys(&records.resources), ["user:1", "user:2", "user:3", "group:a", "group:b"]);
    assert_eq!(entitlement_ids(&records), ["group:a:member", "group:b:member"]);
    assert_eq!(
        grant_ids(&records),
        ["group:a:member:user:1", "group:a:member:user:2", "group:b:member:user:3"]
    );
    assert_eq!(records.sync.id.len(), 27);
    assert_eq!((report.kind, report.sync_id), (SyncType::Full, records.sync.id));
    assert_eq!((report.stats.resources, report.stats.grants_by_resource_type["group"]), (5, 3));
    assert!(records.expanded);
}

#[tokio::test]
async fn however_many_work_at_once_the_records_are_the_same() {
    let mut world = Scripted::new();
    let ids: Vec<_> = (0..60).map(|n| n.to_string()).collect();
    world.users(&ids.iter().map(String::as_str).collect::<Vec<_>>());
    for id in &ids {
        world.group(id, &[rid("user", id), rid("user", "0")]);
    }
    world.page = 1;
    let world = Arc::new(world);
    let (_, alone) = sync(&world).await.unwrap();
    world.most_at_once.store(0, Ordering::SeqCst);
    let cancel = CancellationToken::new();
    let (_, many) = syncer(&world).workers(8).run(Memory::default(), &cancel).await.unwrap();
    assert_eq!(alone.grants, many.grants);
    assert_eq!(alone.entitlements, many.entitlements);
    assert!(world.most_at_once.load(Ordering::SeqCst) > 2, "several listings ran at once");
}

#[tokio::test]
async fn children_are_listed_below_each_parent_once_and_so_are_theirs() {
    let mut world = world();
    let child =
        |resource_type: &str| pack(&v2::ChildResourceType { resource_type_id: resource_type.to_owned() });
    let groups = world.resources.get_mut("resources group").unwrap();
    groups[0].annotations.extend([child("group"), child("user"), child("unheard-of")]);
    let again = groups[0].clone();
    groups.push(again);
    let mut inner = scripted::resource("group", "inner");
    inner.annotations.push(child("user"));
    inner.parent_resource_id = Some(rid("group", "a"));
    world.resources.insert("resources group below group:a".to_owned(), vec![inner]);
    world
        .resources
        .insert("resources user below group:inner".to_owned(), vec![scripted::resource("user", "9")]);
    let world = Arc::new(world);
    let (report, records) = sync(&world).await.unwrap();
    let listings: Vec<_> = world.asked().into_iter().filter(|name| name.contains("below")).collect();
    let expected =
        ["resources group below group:a", "resources user below group:a", "resources user below group:inner"];
    assert_eq!(listings, expected);
    assert!(keys(&records.resources).ends_with(&["group:inner".to_owned(), "user:9".to_owned()]));
    assert_eq!(report.stats.resources, 7, "what was listed twice is there once");
    assert!(world.asked().contains(&"grants group:inner".to_owned()));
}

#[tokio::test]
async fn skip_annotations_of_types_and_resources_are_heeded() {
    let mut world = world();
    world.group("c", &[]);
    world.group("d", &[]);
    let groups = world.resources.get_mut("resources group").unwrap();
    groups[0].annotations.push(pack(&v2::SkipGrants {}));
    groups[1].annotations.push(pack(&v2::SkipEntitlements {}));
    groups[2].annotations.push(pack(&v2::SkipEntitlementsAndGrants {}));
    // On a type this one means nothing.
    world.annotate_type("group", &v2::SkipGrants {});
    let world = Arc::new(world);
    sync(&world).await.unwrap();
    let asked = world.asked();
    let about =
        |what| asked.iter().filter(|name| name.starts_with(what)).map(String::as_str).collect::<Vec<_>>();
    assert_eq!(about("entitlements"), ["entitlements group:a", "entitlements group:d"]);
    assert_eq!(about("grants"), ["grants group:b", "grants group:d"]);
}

#[tokio::test]
async fn static_entitlements_are_multiplied_over_all_resources_of_the_type() {
    let mut world = world();
    world.annotate_type("group", &v2::SkipEntitlements {});
    let group = |scope_to_resource| v2::EntitlementExclusionGroup {
        exclusion_group_id: "access".to_owned(),
        scope_to_resource,
        ..Default::default()
    };
    let template = |slug: &str, display_name: &str, scope| v2::Entitlement {
        slug: slug.to_owned(),
        display_name: display_name.to_owned(),
        annotations: vec![pack(&group(scope))],
        ..Default::default()
    };
    let templates = vec![template("admin", "", true), template("reader", "Reader", false)];
    world.entitlements.insert("static group".to_owned(), templates);
    let world = Arc::new(world);
    let (_, records) = sync(&world).await.unwrap();
    assert_eq!(
        entitlement_ids(&records),
        ["group:a:admin", "group:a:reader", "group:b:admin", "group:b:reader"]
    );
    let [admin, reader, ..] = &records.entitlements[..] else { panic!("there are four") };
    assert_eq!((admin.display_name.as_str(), reader.display_name.as_str()), ("group a", "Reader"));
    assert_eq!(admin.resource.as_ref(), Some(&records.resources[3]), "the resource is there whole");
    let group_of = |e: &v2::Entitlement| {
        crate::wire::find::<v2::EntitlementExclusionGroup>(&e.annotations).unwrap().exclusion_group_id
    };
    assert_eq!((group_of(admin), group_of(reader)), ("access-a".to_owned(), "access".to_owned()));
}

#[tokio::test]
async fn a_type_listed_as_a_whole_is_asked_for_once_and_fans_out() {
    let mut world = world();
    world.annotate_type("group", &v2::TypeScopedGrants {});
    world.grants.insert(
        "grants group:group".to_owned(),
        ["1", "2", "3"].map(|id| member_of("a", &rid("user", id))).to_vec(),
    );
    let enqueue = |tokens: &[&str]| {
        let page_tokens = tokens.iter().map(|&t| t.to_owned()).collect();
        vec![pack(&v2::EnqueuePageTokens { page_tokens, ..Default::default() })]
    };
    world.replies.insert("grants group:group@".to_owned(), enqueue(&["2", "1"]));
    world.replies.insert("grants group:group@1".to_owned(), enqueue(&["2"]));
    let world = Arc::new(world);
    let (_, records) = sync(&world).await.unwrap();
    let asked: Vec<_> = world.asked().into_iter().filter(|name| name.starts_with("grants")).collect();
    assert_eq!(asked, ["grants group:group", "grants group:group@2", "grants group:group@1"]);
    assert_eq!(records.grants.len(), 3);

    let only = Selection { targeted: vec!["bid:r:group/a".parse().unwrap()], ..Selection::default() };
    sync_with(&world, only).await.unwrap();
    let asked: Vec<_> = world.asked().into_iter().filter(|name| name.starts_with("grants")).collect();
    assert_eq!(asked.len(), 3, "a sync of given resources does not list whole types");
}

#[tokio::test]
async fn resources_of_grants_are_inserted_when_the_connector_says_so() {
    let mut world = world();
    let extra = model::grant(&rid("group", "late"), "member", &rid("user", "1"));
    world.grants.get_mut("grants group:a").unwrap().push(extra.clone());
    let (_, records) = sync(&Arc::new(world)).await.unwrap();
    assert!(!keys(&records.resources).contains(&"group:late".to_owned()), "not of itself");

    let mut world = self::world();
    world.grants.get_mut("grants group:a").unwrap().push(extra);
    world.replies.insert("grants group:a".to_owned(), vec![pack(&v2::InsertResourceGrants {})]);
    let (_, records) = sync(&Arc::new(world)).await.unwrap();
    assert!(keys(&records.resources).contains(&"group:late".to_owned()));
    let a = records.resources.iter().find(|r| r.id == Some(rid("group", "a"))).unwrap();
    assert_eq!(a.display_name, "group a", "what was listed stays as it was listed");
}

#[tokio::test]
async fn a_filter_leaves_out_other_types_and_is_still_a_full_sync() {
    let world = Arc::new(world());
    let only = |types: &[&str]| Selection {
        resource_types: Some(types.iter().map(|&t| t.to_owned()).collect()),
        ..Selection::default()
    };
    let (report, records) = sync_with(&world, only(&["group"])).await.unwrap();
    assert_eq!(report.kind, SyncType::Full);
    assert_eq!(keys(&records.resources), ["group:a", "group:b"]);
    assert_eq!(records.resource_types.len(), 1);
    assert!(!world.asked().contains(&"resources user".to_owned()));
    let error = sync_with(&world, only(&["group", "team"])).await.unwrap_err();
    assert_eq!(error.to_string(), "no such resource type: team; there are: user, group");
}

#[tokio::test]
async fn resources_alone_make_a_sync_of_their_own_kind() {
    let world = Arc::new(world());
    let selection = Selection { skip_entitlements_and_grants: true, ..Selection::default() };
    let (report, records) = sync_with(&world, selection).await.unwrap();
    assert_eq!((report.kind, records.resources.len()), (SyncType::ResourcesOnly, 5));
    assert!(records.entitlements.is_empty() && records.grants.is_empty() && !records.expanded);
    assert_eq!(world.asked(), ["validate", "resources user", "resources group", "cleanup"]);
}

#[tokio::test]
async fn given_resources_make_a_partial_sync_on_top_of_the_latest_full_one() {
    let mut world = world();
    world.nest("a", "b");
    let world = Arc::new(world);
    let bids = ["bid:r:group/a", "bid:r:group/gone", "bid:r:user/2"].map(|bid| bid.parse::<Bid>().unwrap());
    let selection = Selection { targeted: bids.to_vec(), ..Selection::default() };
    let target = Memory { latest_full: Some("the full one".to_owned()) };
    let syncer = syncer(&world).selection(selection.clone());
    let (report, records) = syncer.run(target, &CancellationToken::new()).await.unwrap();
    let expected = "\
validate
resource group:a
resource group:gone
resource user:2
entitlements group:a
grants group:a
cleanup";
    assert_eq!(world.asked().join("\n"), expected);
    assert_eq!((report.kind, records.sync.parent.as_str()), (SyncType::Partial, "the full one"));
    assert_eq!(report.warnings, ["bid:r:group/gone: there is no such resource; it is left out"]);
    assert_eq!(records.grants.len(), 3, "no expansion");
    assert!(!records.expanded);

    let no_grants = Selection { skip_grants: true, ..selection };
    let (_, records) = sync_with(&world, no_grants).await.unwrap();
    assert_eq!((records.entitlements.len(), records.grants.len()), (1, 0));
}

#[tokio::test]
async fn skipping_the_sync_records_an_empty_one() {
    let world = Arc::new(world());
    let selection = Selection { skip_full_sync: true, ..Selection::default() };
    let (report, records) = sync_with(&world, selection).await.unwrap();
    assert_eq!((report.kind, records.resources.len()), (SyncType::Full, 0));
    assert_eq!(world.asked(), ["validate", "cleanup"]);
}

#[tokio::test]
async fn what_cannot_be_selected_is_refused_before_anything_is_asked() {
    let world = Arc::new(world());
    let no_grants = Selection { skip_grants: true, ..Selection::default() };
    let external = Selection { external_resources: Some("other.c1z".into()), ..Selection::default() };
    for selection in [no_grants, external] {
        let error = sync_with(&world, selection).await.unwrap_err();
        assert!(matches!(error, SyncError::Selection(_)) && error.is_permanent());
    }
    assert!(world.asked().is_empty());
}

#[derive(Default)]
struct Diary(Mutex<Vec<String>>);

impl Progress for Diary {
    fn begun(&self, stage: Stage) {
        self.0.lock().unwrap().push(format!("{stage:?}"));
    }

    fn ended(&self, stage: Stage, counts: &Counts) {
        if stage == Stage::Resources {
            self.0.lock().unwrap().push(format!("{} resources", counts.resources));
        }
    }

    fn finished(&self, report: &Report) {
        self.0.lock().unwrap().push(format!("{} grants", report.stats.grants));
    }
}

#[tokio::test]
async fn progress_is_told_of_every_stage() {
    let diary = Arc::new(Diary::default());
    let progress: Arc<Diary> = Arc::clone(&diary);
    let syncer = syncer(&Arc::new(world())).progress(progress);
    syncer.run(Memory::default(), &CancellationToken::new()).await.unwrap();
    let expected = [
        "ResourceTypes",
        "Resources",
        "5 resources",
        "StaticEntitlements",
        "Entitlements",
        "Grants",
        "Expansion",
        "Saving",
        "3 grants",
    ];
    assert_eq!(*diary.0.lock().unwrap(), expected);
}
