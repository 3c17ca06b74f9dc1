//! Whoever holds a source holds the destination: exactly they, and with the right sources.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// The sources of a grant, as `entitlement` or `entitlement!` for a direct one.
fn sources(records: &Records, grant: &str) -> Vec<String> {
    let grant = records.grants.iter().find(|g| g.id == grant).unwrap_or_else(|| panic!("no grant {grant}"));
    let sources = grant.sources.iter().flat_map(|s| &s.sources);
    sources.map(|(id, s)| if s.is_direct { format!("{id}!") } else { id.clone() }).collect()
}

async fn expanded(world: Scripted) -> Records {
    sync(&Arc::new(world)).await.unwrap().1
}

fn groups(ids: &[&str]) -> Scripted {
    let mut world = Scripted::new();
    for id in ids {
        world.group(id, &[]);
    }
    world
}

fn join(world: &mut Scripted, group: &str, user: &str) {
    world
        .grants
        .get_mut(&format!("grants group:{group}"))
        .unwrap()
        .push(member_of(group, &rid("user", user)));
}

#[tokio::test]
async fn an_expanded_grant_has_the_form_that_readers_know() {
    let mut world = groups(&["all", "team"]);
    join(&mut world, "team", "1");
    world.nest("all", "team");
    let records = expanded(world).await;
    assert_eq!(
        grant_ids(&records),
        ["group:all:member:group:team", "group:team:member:user:1", "group:all:member:user:1"]
    );
    let source = v2::grant_sources::GrantSource { is_direct: true };
    let expected = v2::Grant {
        id: "group:all:member:user:1".to_owned(),
        entitlement: Some(records.entitlements[0].clone()),
        principal: Some(v2::Resource { id: Some(rid("user", "1")), ..Default::default() }),
        sources: Some(v2::GrantSources { sources: [("group:team:member".to_owned(), source)].into() }),
        annotations: vec![pack(&v2::GrantImmutable::default())],
    };
    assert_eq!(records.grants[2], expected);
    assert_eq!(records.grants[1].sources, None, "a source is left as it was");
}

#[tokio::test]
async fn who_holds_it_directly_already_keeps_that_grant_and_gets_both_sources() {
    let mut world = groups(&["all", "team"]);
    join(&mut world, "team", "1");
    join(&mut world, "all", "1");
    world.nest("all", "team");
    let records = expanded(world).await;
    assert_eq!(records.grants.len(), 3);
    assert_eq!(sources(&records, "group:all:member:user:1"), ["group:all:member!", "group:team:member!"]);
    let grant = records.grants.iter().find(|g| g.id == "group:all:member:user:1").unwrap();
    assert!(grant.annotations.is_empty(), "it stays the connector's own grant");
}

#[tokio::test]
async fn a_chain_is_followed_to_its_end_and_its_middle_is_not_direct() {
    let mut world = groups(&["a", "b", "c"]);
    join(&mut world, "c", "1");
    world.nest("a", "b");
    world.nest("b", "c");
    let records = expanded(world).await;
    assert_eq!(sources(&records, "group:b:member:user:1"), ["group:c:member!"]);
    assert_eq!(sources(&records, "group:a:member:user:1"), ["group:b:member"]);
    // Without a list of types, groups are carried along like users.
    assert_eq!(sources(&records, "group:a:member:group:c"), ["group:b:member!"]);
}

#[tokio::test]
async fn a_shallow_grant_takes_only_who_holds_the_source_directly() {
    let mut world = groups(&["a", "b", "c"]);
    join(&mut world, "b", "1");
    join(&mut world, "c", "1");
    join(&mut world, "c", "2");
    world.nest_as("a", "b", v2::GrantExpandable { shallow: true, ..Default::default() });
    world.nest("b", "c");
    let records = expanded(world).await;
    assert_eq!(sources(&records, "group:a:member:user:1"), ["group:b:member!"]);
    assert!(grant_ids(&records).contains(&"group:b:member:user:2"));
    assert!(!grant_ids(&records).contains(&"group:a:member:user:2"));
}

#[tokio::test]
async fn only_principals_of_the_named_types_are_carried() {
    let mut world = groups(&["a", "b", "c"]);
    join(&mut world, "b", "1");
    world.nest("b", "c");
    let resource_type_ids = vec!["user".to_owned()];
    world.nest_as("a", "b", v2::GrantExpandable { resource_type_ids, ..Default::default() });
    let records = expanded(world).await;
    let ids: BTreeSet<_> = grant_ids(&records).into_iter().filter(|id| id.starts_with("group:a")).collect();
    assert_eq!(ids, ["group:a:member:group:b", "group:a:member:user:1"].into());
}

#[tokio::test]
async fn entitlements_in_a_circle_share_their_holders_and_nobody_is_their_own_source() {
    let mut world = groups(&["a", "b", "c", "out"]);
    join(&mut world, "a", "1");
    join(&mut world, "b", "2");
    let resource_type_ids = vec!["user".to_owned()];
    let users = || v2::GrantExpandable { resource_type_ids: resource_type_ids.clone(), ..Default::default() };
    for (group, source) in [("b", "a"), ("c", "b"), ("a", "c"), ("out", "c")] {
        world.nest_as(group, source, users());
    }
    let records = expanded(world).await;
    assert_eq!(sources(&records, "group:b:member:user:1"), ["group:a:member!"]);
    assert_eq!(sources(&records, "group:c:member:user:1"), ["group:b:member"]);
    assert_eq!(sources(&records, "group:a:member:user:1"), Vec::<String>::new());
    assert_eq!(sources(&records, "group:c:member:user:2"), ["group:b:member!"]);
    assert_eq!(sources(&records, "group:a:member:user:2"), ["group:c:member"]);
    assert_eq!(sources(&records, "group:out:member:user:1"), ["group:c:member"]);
    assert_eq!(sources(&records, "group:out:member:user:2"), ["group:c:member"]);
}

#[tokio::test]
async fn several_ways_to_an_entitlement_are_all_sources() {
    let mut world = groups(&["top", "left", "right", "bottom"]);
    join(&mut world, "bottom", "1");
    join(&mut world, "right", "1");
    for (group, source) in [("top", "left"), ("top", "right"), ("left", "bottom"), ("right", "bottom")] {
        world.nest(group, source);
    }
    let records = expanded(world).await;
    assert_eq!(sources(&records, "group:top:member:user:1"), ["group:left:member", "group:right:member!"]);
}

#[tokio::test]
async fn a_source_that_does_not_exist_is_left_out_with_a_warning() {
    let mut world = groups(&["a", "b"]);
    join(&mut world, "b", "1");
    let entitlement_ids = vec!["group:b:owner".to_owned(), "group:b:member".to_owned()];
    world.nest_as("a", "b", v2::GrantExpandable { entitlement_ids, ..Default::default() });
    let (report, records) = sync(&Arc::new(world)).await.unwrap();
    assert!(report.warnings[0].contains("holders of group:b:owner"), "{:?}", report.warnings);
    assert_eq!(sources(&records, "group:a:member:user:1"), ["group:b:member!"]);
    assert_eq!(report.expanded, 1);
}

#[tokio::test]
async fn a_source_on_another_resource_than_the_principal_ends_the_sync() {
    let mut world = groups(&["a", "b", "c"]);
    let entitlement_ids = vec!["group:c:member".to_owned()];
    world.nest_as("a", "b", v2::GrantExpandable { entitlement_ids, ..Default::default() });
    let error = sync(&Arc::new(world)).await.unwrap_err();
    assert!(
        error.is_permanent() && error.to_string().contains("an entitlement of another resource"),
        "{error}"
    );
}

fn chain(length: usize) -> Scripted {
    let ids: Vec<_> = (0..=length).map(|n| n.to_string()).collect();
    let mut world = groups(&ids.iter().map(String::as_str).collect::<Vec<_>>());
    join(&mut world, "0", "1");
    for pair in ids.windows(2) {
        world.nest(&pair[1], &pair[0]);
    }
    world
}

#[tokio::test]
async fn a_chain_of_twenty_is_followed_and_a_longer_one_is_refused_not_cut() {
    let records = expanded(chain(20)).await;
    assert_eq!(sources(&records, "group:20:member:user:1"), ["group:19:member"]);
    let error = sync(&Arc::new(chain(21))).await.unwrap_err();
    assert!(error.to_string().contains("through a chain of 21 others, 20 are allowed"), "{error}");
}

#[tokio::test]
async fn circles_can_be_refused_and_expansion_left_out() {
    let mut world = groups(&["a", "b"]);
    world.nest("a", "b");
    world.nest("b", "a");
    let world = Arc::new(world);
    let strict = Expansion { merge_cycles: false, ..Expansion::default() };
    let cancel = CancellationToken::new();
    let error = syncer(&world).expansion(strict).run(Memory::default(), &cancel).await.unwrap_err();
    assert!(error.to_string().contains("given to each other's holders"), "{error}");
    let (_, records) =
        sync_with(&world, Selection { skip_expansion: true, ..Selection::default() }).await.unwrap();
    assert_eq!((records.grants.len(), records.expanded), (2, false));
}

#[test]
fn the_environment_sets_the_bounds() {
    let lookup = |name: &str| match name {
        "BATON_GRAPH_EXPAND_MAX_DEPTH" => Some("3".to_owned()),
        "BATON_DONT_FIX_CYCLES" => Some("true".to_owned()),
        _ => None,
    };
    assert_eq!(Expansion::from_env(&lookup), Expansion { max_depth: 3, merge_cycles: false });
    assert_eq!(Expansion::from_env(&|_| None), Expansion::default());
}

#[derive(Debug, Clone)]
struct Arrow {
    from: usize,
    to: usize,
    shallow: bool,
    users_only: bool,
}

fn arrow() -> impl Strategy<Value = Arrow> {
    (0..6_usize, 0..6_usize, any::<bool>(), any::<bool>()).prop_map(|(from, to, shallow, users_only)| Arrow {
        from,
        to,
        shallow: shallow && users_only,
        users_only,
    })
}

/// Who holds what, found the slow way: until nothing changes, everybody gets what they should.
fn model(direct: &BTreeMap<usize, BTreeSet<String>>, arrows: &[Arrow]) -> BTreeMap<usize, BTreeSet<String>> {
    let mut held = direct.clone();
    loop {
        let before = held.clone();
        for arrow in arrows {
            let from = if arrow.shallow { direct } else { &before };
            let carried = from.get(&arrow.from).into_iter().flatten();
            let carried = carried.filter(|p| !arrow.users_only || p.starts_with("user")).cloned();
            held.entry(arrow.to).or_default().extend(carried.collect::<Vec<_>>());
        }
        if held == before {
            return held;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn in_any_graph_exactly_those_hold_an_entitlement_who_should(
        arrows in proptest::collection::vec(arrow(), 0..14),
        members in proptest::collection::vec((0..6_usize, 0..4_usize), 0..12),
    ) {
        // Two grants with one id are one grant, so each pair of groups is nested once.
        let mut arrows = arrows;
        arrows.sort_by_key(|a| (a.from, a.to));
        arrows.dedup_by_key(|a| (a.from, a.to));
        arrows.retain(|a| a.from != a.to);
        let mut world = groups(&["0", "1", "2", "3", "4", "5"]);
        let mut direct: BTreeMap<usize, BTreeSet<String>> = (0..6).map(|n| (n, BTreeSet::new())).collect();
        for (group, user) in members {
            join(&mut world, &group.to_string(), &user.to_string());
            direct.get_mut(&group).unwrap().insert(format!("user:{user}"));
        }
        for Arrow { from, to, shallow, users_only } in arrows.clone() {
            let resource_type_ids = if users_only { vec!["user".to_owned()] } else { vec![] };
            let expandable = v2::GrantExpandable { shallow, resource_type_ids, ..Default::default() };
            world.nest_as(&to.to_string(), &from.to_string(), expandable);
            direct.get_mut(&to).unwrap().insert(format!("group:{from}"));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let records = runtime.block_on(expanded(world));
        let mut held: BTreeMap<usize, BTreeSet<String>> = (0..6).map(|n| (n, BTreeSet::new())).collect();
        for grant in &records.grants {
            let rest = grant.id.strip_prefix("group:").unwrap();
            let (group, principal) = rest.split_once(":member:").unwrap();
            held.get_mut(&group.parse().unwrap()).unwrap().insert(principal.to_owned());
            // A source is never the grant itself alone, and whoever is said to hold it does.
            for source in grant.sources.iter().flat_map(|s| s.sources.keys()) {
                let source = format!("{source}:{principal}");
                prop_assert!(records.grants.iter().any(|g| g.id == source), "{} has source {source}", grant.id);
            }
        }
        prop_assert_eq!(held, model(&direct, &arrows));
    }
}
