//! Why a write was not done, or not for certain: one variant for each row of the table of reasons that writes can meet.

use std::{fmt, time::Duration};

use super::plan::Plan;
use crate::{
    baton::connector::ConnectorError,
    ninja_one::{
        failure::{self, Reason},
        rest::{
            self,
            model::{RoleId, UserId, UserType},
        },
    },
};

/// A write that was refused, failed, or ended in doubt.
#[derive(Debug, Clone, thiserror::Error)]
pub(in crate::ninja_one) enum WriteError {
    #[error("NinjaOne has no role {0}")]
    UnknownRole(String),
    #[error("NinjaOne has no user {0}")]
    UnknownUser(String),
    #[error("a {0} cannot hold a role of NinjaOne")]
    NotAUser(String),
    #[error("{0} is not an entitlement of the role that it names")]
    UnknownEntitlement(String),
    #[error("System Administrator is not a role that can be given or taken away")]
    SystemAdministratorRole,
    #[error("{role} is a role for {wanted} users, and user {user} is of the type {found}")]
    RoleTypeMismatch { role: String, wanted: String, user: UserId, found: String },
    #[error("NinjaOne does not say for which type of user {role} is")]
    RoleTypeUnknown { role: String },
    #[error("NinjaOne sent {role} without its members")]
    MembersNotSent { role: String },
    #[error(
        "user {user} is in {role} by way of {source_word:?}, which manages the membership from elsewhere"
    )]
    ManagedMembership { role: String, user: UserId, source_word: String },
    #[error("the account cannot be created: {}", Listed(.0))]
    InvalidAccount(Vec<String>),
    #[error("the arguments do not fit: {}", Listed(.0))]
    InvalidArguments(Vec<String>),
    #[error("{0} can only be changed on an end user, and this user is a technician")]
    NotForTechnicians(&'static str),
    #[error("user {user} {}", protected(*.certain))]
    Protected { user: UserId, certain: bool },
    #[error("user {user} {}", administrator(*.certain))]
    SystemAdministrator { user: UserId, certain: bool },
    #[error("user {0} is the last enabled System Administrator")]
    LastAdministrator(UserId),
    #[error("user {0} is managed by SCIM")]
    ScimManaged(UserId),
    #[error("{limit} accounts were deleted within {} already", Span(*.window))]
    DeletionLimit { limit: usize, window: Duration, wait: Duration },
    #[error("dry run, nothing was sent. It would be: {0}")]
    DryRun(Box<Plan>),
    #[error("this NinjaOne lists user {0} but does not offer the calls for single users that a change needs")]
    NotOffered(UserId),
    #[error("{what} may or may not have happened{}; {seen}; nothing was repeated", because(.error.as_ref()))]
    OutcomeUnknown { what: String, seen: String, error: Option<rest::Error> },
    #[error("{what}: NinjaOne accepted it, but reading back shows no change")]
    NotEffective { what: String, request_id: Option<String> },
    #[error("{0}")]
    PartlyDone(String),
    #[error("the write was cut off")]
    CutOff,
    #[error("{}; nothing was changed", failure::text(.0))]
    Rest(rest::Error),
}

impl From<rest::Error> for WriteError {
    fn from(error: rest::Error) -> Self {
        Self::Rest(error)
    }
}

impl WriteError {
    /// The row of the table; `None` for what NinjaOne said, which has rows of its own.
    pub(super) fn reason(&self) -> Option<Reason> {
        Some(match self {
            Self::UnknownRole(_) => Reason::UnknownRole,
            Self::UnknownUser(_) => Reason::UnknownUser,
            Self::NotAUser(_) => Reason::NotAUser,
            Self::UnknownEntitlement(_) => Reason::UnknownEntitlement,
            Self::SystemAdministratorRole => Reason::SystemAdministratorRole,
            Self::RoleTypeMismatch { .. } => Reason::RoleTypeMismatch,
            Self::RoleTypeUnknown { .. } => Reason::RoleTypeUnknown,
            Self::MembersNotSent { .. } => Reason::MembersNotSent,
            Self::ManagedMembership { .. } => Reason::ManagedMembership,
            Self::InvalidAccount(_) => Reason::InvalidAccount,
            Self::InvalidArguments(_) => Reason::InvalidArguments,
            Self::NotForTechnicians(_) => Reason::NoSuchArgument,
            Self::Protected { .. } => Reason::ProtectedAccount,
            Self::SystemAdministrator { .. } => Reason::SystemAdministrator,
            Self::LastAdministrator(_) => Reason::LastAdministrator,
            Self::ScimManaged(_) => Reason::ScimManaged,
            Self::DeletionLimit { .. } => Reason::DeletionLimit,
            Self::DryRun(_) => Reason::DryRun,
            Self::NotOffered(_) => Reason::NotOffered,
            Self::OutcomeUnknown { .. } => Reason::OutcomeUnknown,
            Self::NotEffective { .. } => Reason::NotEffective,
            Self::PartlyDone(_) => Reason::PartlyDone,
            Self::CutOff => Reason::CutOff,
            Self::Rest(_) => return None,
        })
    }

    /// NinjaOne's id of the request that it is about.
    pub(super) fn request_id(&self) -> Option<&str> {
        match self {
            Self::Rest(error) => error.request_id(),
            Self::OutcomeUnknown { error, .. } => error.as_ref().and_then(rest::Error::request_id),
            Self::NotEffective { request_id, .. } => request_id.as_deref(),
            _ => None,
        }
    }

    /// How the audit trail calls it.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::DryRun(_) => "dry_run",
            Self::OutcomeUnknown { .. } | Self::CutOff => "unknown",
            Self::NotEffective { .. } => "not_effective",
            Self::PartlyDone(_) => "partly_done",
            Self::Rest(_) => "failed",
            _ => "refused",
        }
    }

    /// Whether it leaves open what NinjaOne's state is now.
    pub(super) fn is_unclear(&self) -> bool {
        matches!(
            self,
            Self::OutcomeUnknown { .. } | Self::CutOff | Self::NotEffective { .. } | Self::PartlyDone(_)
        )
    }

    /// The failure as the caller sees it.
    pub(in crate::ninja_one) fn into_failure(self) -> ConnectorError {
        let failure = match self.reason() {
            Some(reason) => failure::because(reason, &self.to_string()),
            None => ConnectorError::new(tonic::Code::Unknown, self.to_string()),
        };
        match self {
            Self::Rest(error) => {
                let told = failure::rest(&error);
                let message = format!("{}. Nothing was changed", told.message());
                let same = ConnectorError::new(told.code(), message);
                failure::with_facts(same.reason(failure::DOMAIN, told.reason_code()), &error)
            }
            Self::OutcomeUnknown { error: Some(error), .. } => failure::with_facts(failure, &error),
            Self::NotEffective { request_id: Some(id), .. } => failure.with("request_id", id),
            Self::ManagedMembership { source_word, .. } => failure.with("source", source_word),
            Self::DeletionLimit { limit, window, wait } => failure
                .with("limit", limit.to_string())
                .with("window_seconds", window.as_secs().to_string())
                .with("wait_seconds", wait.as_secs().to_string()),
            Self::DryRun(plan) => plan.describe(failure),
            _ => failure,
        }
    }
}

/// A user type as people say it.
pub(super) fn type_name(kind: &UserType) -> String {
    kind.as_str().to_lowercase()
}

/// `role 7 (Helpdesk)`.
pub(super) fn role_name(id: RoleId, name: Option<&str>) -> String {
    name.map_or_else(|| format!("role {id}"), |name| format!("role {id} ({name})"))
}

fn protected(certain: bool) -> &'static str {
    if certain { "is protected" } else { "may be protected: NinjaOne does not say which e-mail it has" }
}

fn because(error: Option<&rest::Error>) -> String {
    error.map(|error| format!(" ({})", failure::text(error))).unwrap_or_default()
}

fn administrator(certain: bool) -> &'static str {
    if certain { "is a System Administrator" } else { "may be a System Administrator: NinjaOne does not say" }
}

struct Listed<'a>(&'a [String]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0.as_secs())
    }
}
