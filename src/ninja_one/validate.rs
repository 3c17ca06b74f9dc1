//! The proof that a sync can work: a token with its scopes, a call that any token can make, and a look at the roles.

use super::{
    failure,
    rest::{Client, ErrorKind},
};
use crate::baton::connector::ConnectorError;

/// Proves it, as cheaply as possible.
///
/// # Errors
/// The first thing that is missing, in words that say what to change.
pub(super) async fn prove(client: &Client) -> Result<(), ConnectorError> {
    client.probe().await.map_err(|e| failure::rest(&e))?;
    let roles = client.list_user_roles(None, || (), |(), _| Ok(())).await;
    match roles {
        Err(error) if *error.kind() == ErrorKind::NotOffered => {
            tracing::warn!("this NinjaOne release has no user roles; accounts are synced without them");
            Ok(())
        }
        roles => roles.map_err(|e| failure::rest(&e)),
    }
}
