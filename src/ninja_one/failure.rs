//! From what went wrong to what the caller is told: a gRPC code, a stable reason, words on what to do. [`reason`] is the table,
//! [`page`] its documentation.

mod page;
mod reason;

use std::sync::Arc;

use super::{
    directory::{DirectoryError, Inconsistent},
    rest::{self, Endpoint, ErrorKind},
};
use crate::baton::connector::ConnectorError;

pub use page::errors_page;
pub(super) use reason::Reason;

/// The domain of this connector's reasons.
pub const DOMAIN: &str = "baton-ninja-one";

/// A failure for this reason. The way out is added unless the text has it already.
pub(super) fn because(reason: Reason, text: &str) -> ConnectorError {
    let row = reason.row();
    let message = if row.told { text.to_owned() } else { format!("{text}. Way out: {}", row.way_out) };
    ConnectorError::new(row.code, message).reason(DOMAIN, row.reason)
}

/// The failure of a REST call.
pub(super) fn rest(error: &rest::Error) -> ConnectorError {
    with_facts(because(classify(error.kind()), &text(error)), error)
}

/// The error's own words. Where the facts about NinjaOne's scopes contradict each other, the one more thing to try is named.
pub(super) fn text(error: &rest::Error) -> String {
    let text = error.to_string();
    let members = matches!(error.endpoint(), Some(Endpoint::AddRoleMembers | Endpoint::RemoveRoleMembers));
    if members && matches!(error.status(), Some(401 | 403)) && !text.contains("scope control") {
        return format!("{text}; changing role members may also need the scope control");
    }
    text
}

/// What goes with a failure that began as an answer of NinjaOne.
pub(super) fn with_facts(mut failure: ConnectorError, error: &rest::Error) -> ConnectorError {
    if let Some(id) = error.incident_id() {
        failure = failure.with("incident_id", id);
    }
    if let Some(id) = error.request_id() {
        failure = failure.with("request_id", id);
    }
    if let Some(wait) = error.retry_after() {
        failure = failure.retry_after(wait);
    }
    failure.caused_by(error.clone())
}

/// The failure of a fetch of the directory.
pub(super) fn directory(error: &Arc<DirectoryError>) -> ConnectorError {
    let reason = match &**error {
        DirectoryError::Rest(error) => return rest(error),
        DirectoryError::Inconsistent(Inconsistent::Empty) => Reason::UserListEmpty,
        DirectoryError::Inconsistent(Inconsistent::Truncated { .. }) => Reason::UserListTruncated,
        DirectoryError::Inconsistent(
            Inconsistent::NoMembers { .. } | Inconsistent::RoleWithoutMembers { .. },
        ) => Reason::RolesWithoutMembers,
        DirectoryError::Inconsistent(Inconsistent::AdministratorsUnknown { .. }) => {
            Reason::AdministratorsUnknown
        }
        DirectoryError::RolesVanished => Reason::RolesVanished,
        DirectoryError::CutOff => Reason::FetchCutOff,
    };
    because(reason, &error.to_string()).caused_by(Arc::clone(error))
}

/// The reason of everything that the REST client can say.
fn classify(kind: &ErrorKind) -> Reason {
    match kind {
        ErrorKind::WrongRegionOrClient { .. } => Reason::WrongRegionOrClient,
        ErrorKind::TokenPathNotFound { .. } => Reason::TokenPathNotFound,
        ErrorKind::InvalidClient => Reason::InvalidClient,
        ErrorKind::InvalidGrant => Reason::InvalidGrant,
        ErrorKind::ScopeNotGranted { .. } => Reason::ScopeNotGranted,
        ErrorKind::TokenRefused => Reason::TokenRefused,
        ErrorKind::NotAuthenticated => Reason::NotAuthenticated,
        ErrorKind::InsufficientPrivileges => Reason::InsufficientPrivileges,
        ErrorKind::UserContextRequired => Reason::UserContextRequired,
        ErrorKind::NotASystemAdministrator => Reason::NotASystemAdministrator,
        ErrorKind::Forbidden => Reason::Forbidden,
        ErrorKind::NotFound => Reason::NotFound,
        ErrorKind::NotOffered => Reason::NotOffered,
        ErrorKind::Rejected => Reason::Rejected,
        ErrorKind::Throttled => Reason::Throttled,
        ErrorKind::Gateway => Reason::Gateway,
        ErrorKind::ServerError => Reason::ServerError,
        ErrorKind::UnexpectedStatus => Reason::UnexpectedStatus,
        ErrorKind::Timeout { .. } => Reason::Timeout,
        ErrorKind::Connect { .. } => Reason::Connect,
        ErrorKind::Tls { .. } => Reason::Tls,
        ErrorKind::Redirect { .. } => Reason::Redirect,
        ErrorKind::Truncated { .. } => Reason::Truncated,
        ErrorKind::EmptyAnswer => Reason::EmptyAnswer,
        ErrorKind::BodyTooLarge { .. } => Reason::BodyTooLarge,
        ErrorKind::Decode { .. } => Reason::Decode,
        ErrorKind::TooManyPages { .. } => Reason::TooManyPages,
        ErrorKind::InvalidRequest { .. } => Reason::InvalidRequest,
        ErrorKind::Shutdown => Reason::Shutdown,
    }
}
