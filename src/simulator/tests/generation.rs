//! Generated tenants.

use std::collections::HashSet;

use super::{super::*, Desk};

fn print(tenant: &Tenant) -> String {
    format!("{tenant:?}")
        .split("places: {")
        .enumerate()
        .map(
            |(place, part)| {
                if place == 0 { part } else { part.split_once('}').map_or(part, |(_, rest)| rest) }
            },
        )
        .collect()
}

#[test]
fn the_same_size_and_seed_give_the_same_tenant() {
    let size = Size::users(200);
    assert_eq!(print(&Tenant::generate(&size, 7)), print(&Tenant::generate(&size, 7)));
    assert_ne!(print(&Tenant::generate(&size, 7)), print(&Tenant::generate(&size, 8)));
}

#[test]
fn the_demo_tenant_has_its_size_and_every_odd_thing_in_it() {
    let tenant = Tenant::generate(&Size::default(), 1);
    let sizes = (tenant.users.len(), tenant.roles.len(), tenant.organizations.len(), tenant.devices.len());
    assert_eq!(sizes, (60, 6, 3, 12));
    let any = |test: fn(&User) -> bool| tenant.users.iter().any(test);
    assert_eq!(tenant.users.iter().filter(|user| user.kind == UserKind::Technician).count(), 20);
    assert!(any(|user| user.administrator.is_true()));
    assert!(any(|user| user.enabled == Field::Value(false)));
    assert!(any(|user| user.scim_user.is_true()));
    assert!(any(|user| user.mfa_configured.is_absent()));
    assert!(any(|user| user.phone == Field::Null));
    for status in ["REGISTERED", "PENDING", "EXPIRED", "SUSPENDED"] {
        assert!(tenant.users.iter().any(|user| user.invitation_status.text() == status), "{status}");
    }
    let ids: Vec<i32> = tenant.users.iter().map(|user| user.id).collect();
    assert!(!ids.is_sorted());
}

#[test]
fn members_fit_their_role_and_logins_are_distinct() {
    let tenant = Tenant::generate(&Size::users(3000).roles(20), 3);
    let mut memberships = 0;
    for role in &tenant.roles {
        for member in &role.members {
            assert_eq!(tenant.users.get(member.user).unwrap().kind.name(), role.role_type.text());
            memberships += 1;
        }
        let distinct: HashSet<_> = role.members.iter().map(|member| member.user).collect();
        assert_eq!(distinct.len(), role.members.len(), "nobody is a member twice");
    }
    assert!((4000..5000).contains(&memberships), "about one and a half each, not {memberships}");
    let logins: HashSet<_> = tenant.users.iter().map(|user| user.email.text()).collect();
    assert_eq!(logins.len(), 3000);
    let ids: HashSet<_> = tenant.roles.iter().map(|role| role.id).collect();
    assert_eq!(ids.len(), 20);
}

#[test]
fn the_smallest_tenants_can_be_made() {
    for (users, roles) in [(0, 0), (1, 0), (1, 1), (2, 7), (0, 3)] {
        let tenant = Tenant::generate(&Size::users(users).roles(roles).devices(1), 1);
        assert_eq!((tenant.users.len(), tenant.roles.len()), (users, roles));
    }
}

#[tokio::test]
async fn a_large_tenant_is_listed_whole() {
    let tenant = Tenant::generate(&Size::users(20_000).roles(50), 5);
    let desk = Desk::with(Options::with(tenant)).await;
    assert_eq!(desk.get("/v2/users?includeRoles=true").await.ids().len(), 20_000);
}
