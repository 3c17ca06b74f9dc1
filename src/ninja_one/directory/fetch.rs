//! Fetching a snapshot: four lists at once, joined when all have come.

use std::time::SystemTime;

use super::{
    DirectoryError, Snapshot,
    build::{Extras, Inconsistent, RoleList, UserList, join_tenant},
};
use crate::ninja_one::rest::{self, Client};

/// How often lists that do not fit together are read: accounts come and go while they are read, so one misfit proves
/// nothing.
const READS: usize = 3;

/// Fetches the lists and joins them. `had_roles`: roles were offered before, so their absence is a fault, not an old release.
pub(super) async fn snapshot(client: &Client, had_roles: bool) -> Result<Snapshot, DirectoryError> {
    let mut reads = 1;
    loop {
        let taken_at = SystemTime::now();
        let (users, technicians, end_users, roles) = tokio::try_join!(
            users(client),
            technicians(client),
            end_users(client),
            roles(client, had_roles),
        )?;
        match join_tenant(users, &[technicians, end_users], roles, taken_at) {
            Ok(snapshot) => {
                tracing::info!(
                    accounts = snapshot.account_count(),
                    roles = snapshot.roles_after(None).len(),
                    elapsed_ms =
                        u64::try_from(taken_at.elapsed().unwrap_or_default().as_millis()).unwrap_or(u64::MAX),
                    "directory read"
                );
                return Ok(snapshot);
            }
            Err(error @ (Inconsistent::Truncated { .. } | Inconsistent::RoleWithoutMembers { .. }))
                if reads < READS =>
            {
                tracing::info!(%error, reads, "lists changed while they were read, reading again");
                reads += 1;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

async fn users(client: &Client) -> Result<UserList, DirectoryError> {
    let list = client.list_users(true, UserList::default, |list, user| {
        list.push(&user);
        Ok(())
    });
    Ok(list.await?)
}

async fn technicians(client: &Client) -> Result<Extras, DirectoryError> {
    let list = client.list_technicians(Extras::default, |list, technician| {
        list.push_technician(&technician);
        Ok(())
    });
    optional("technician", list.await)
}

async fn end_users(client: &Client) -> Result<Extras, DirectoryError> {
    let list = client.list_end_users(Extras::default, |list, end_user| {
        list.push_end_user(&end_user);
        Ok(())
    });
    optional("end-user", list.await)
}

/// A list that only adds detail: an instance that does not offer it, or does not let us see it, is synced without.
fn optional(which: &str, list: Result<Extras, rest::Error>) -> Result<Extras, DirectoryError> {
    match list {
        Err(error) if is_refusal(error.kind()) => {
            tracing::warn!(%error, "the {which} list cannot be read; SCIM, sign-in and portal details stay unknown");
            Ok(Extras::default())
        }
        list => Ok(list?),
    }
}

async fn roles(client: &Client, had_roles: bool) -> Result<Option<RoleList>, DirectoryError> {
    let list = client.list_user_roles(None, RoleList::default, |list, role| {
        list.push(&role);
        Ok(())
    });
    match list.await {
        Err(error) if had_roles && *error.kind() == rest::ErrorKind::NotOffered => {
            Err(DirectoryError::RolesVanished)
        }
        Err(error) if *error.kind() == rest::ErrorKind::NotOffered => {
            tracing::warn!(%error, "this NinjaOne release has no user roles; accounts are synced without them");
            Ok(None)
        }
        list => Ok(Some(list?)),
    }
}

/// An answer that says "not for you" or "not here", as opposed to a failure that may pass.
fn is_refusal(kind: &rest::ErrorKind) -> bool {
    use rest::ErrorKind as K;
    matches!(
        kind,
        K::NotOffered | K::NotFound | K::Forbidden | K::InsufficientPrivileges | K::UserContextRequired
    )
}
