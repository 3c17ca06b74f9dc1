//! From what went wrong in NinjaOne to what the caller is told: a gRPC code, a stable reason, the client's own words on what
//! to do.

use std::sync::Arc;

use tonic::Code;

use super::{
    directory::{DirectoryError, Inconsistent},
    rest::{self, ErrorKind},
};
use crate::baton::connector::ConnectorError;

/// The domain of this connector's reasons.
pub const DOMAIN: &str = "baton-ninja-one";

/// The failure of a REST call.
pub(super) fn rest(error: &rest::Error) -> ConnectorError {
    let (code, reason) = classify(error.kind());
    let mut failure = ConnectorError::new(code, error.to_string()).reason(DOMAIN, reason);
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
    let (code, reason) = match &**error {
        DirectoryError::Rest(error) => return rest(error),
        DirectoryError::Inconsistent(Inconsistent::Empty) => (Code::DataLoss, "USER_LIST_EMPTY"),
        DirectoryError::Inconsistent(Inconsistent::Truncated { .. }) => {
            (Code::DataLoss, "USER_LIST_TRUNCATED")
        }
        DirectoryError::Inconsistent(Inconsistent::NoMembers { .. }) => {
            (Code::DataLoss, "ROLES_WITHOUT_MEMBERS")
        }
        DirectoryError::RolesVanished => (Code::DataLoss, "ROLES_VANISHED"),
        DirectoryError::CutOff => (Code::Internal, "FETCH_CUT_OFF"),
    };
    ConnectorError::new(code, error.to_string()).reason(DOMAIN, reason).caused_by(Arc::clone(error))
}

/// Code and reason of everything that the REST client can say. `Unavailable` is what clients try again by themselves;
/// anything that a person has to change gets another code.
fn classify(kind: &ErrorKind) -> (Code, &'static str) {
    match kind {
        ErrorKind::WrongRegionOrClient { .. } => (Code::Unauthenticated, "WRONG_REGION_OR_CLIENT"),
        ErrorKind::TokenPathNotFound { .. } => (Code::FailedPrecondition, "TOKEN_PATH_NOT_FOUND"),
        ErrorKind::InvalidClient => (Code::Unauthenticated, "INVALID_CLIENT"),
        ErrorKind::InvalidGrant => (Code::Unauthenticated, "INVALID_GRANT"),
        ErrorKind::ScopeNotGranted { .. } => (Code::PermissionDenied, "SCOPE_NOT_GRANTED"),
        ErrorKind::TokenRefused => (Code::Unauthenticated, "TOKEN_REFUSED"),
        ErrorKind::NotAuthenticated => (Code::Unauthenticated, "NOT_AUTHENTICATED"),
        ErrorKind::InsufficientPrivileges => (Code::PermissionDenied, "INSUFFICIENT_PRIVILEGES"),
        ErrorKind::UserContextRequired => (Code::PermissionDenied, "USER_CONTEXT_REQUIRED"),
        ErrorKind::NotASystemAdministrator => (Code::PermissionDenied, "NOT_A_SYSTEM_ADMINISTRATOR"),
        ErrorKind::Forbidden => (Code::PermissionDenied, "FORBIDDEN"),
        ErrorKind::NotFound => (Code::NotFound, "NOT_FOUND"),
        ErrorKind::NotOffered => (Code::Unimplemented, "NOT_OFFERED"),
        ErrorKind::Rejected => (Code::InvalidArgument, "REJECTED"),
        ErrorKind::Throttled => (Code::Unavailable, "THROTTLED"),
        ErrorKind::Gateway => (Code::Unavailable, "GATEWAY"),
        ErrorKind::ServerError => (Code::Unavailable, "SERVER_ERROR"),
        ErrorKind::UnexpectedStatus => (Code::Unknown, "UNEXPECTED_STATUS"),
        ErrorKind::Timeout { .. } => (Code::Unavailable, "TIMEOUT"),
        ErrorKind::Connect { .. } => (Code::Unavailable, "CONNECT"),
        ErrorKind::Tls { .. } => (Code::FailedPrecondition, "TLS"),
        ErrorKind::Redirect { .. } => (Code::FailedPrecondition, "REDIRECT"),
        ErrorKind::Truncated { .. } => (Code::Unavailable, "TRUNCATED"),
        ErrorKind::EmptyAnswer => (Code::DataLoss, "EMPTY_ANSWER"),
        ErrorKind::BodyTooLarge { .. } => (Code::FailedPrecondition, "BODY_TOO_LARGE"),
        ErrorKind::Decode { .. } => (Code::DataLoss, "DECODE"),
        ErrorKind::TooManyPages { .. } => (Code::DataLoss, "TOO_MANY_PAGES"),
        ErrorKind::InvalidRequest { .. } => (Code::Internal, "INVALID_REQUEST"),
        ErrorKind::Shutdown => (Code::Unavailable, "SHUTDOWN"),
    }
}
