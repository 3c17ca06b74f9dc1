//! The one-shot operations: which one the flags ask for.
//!
//! Several may be asked for at once without excluding each other; then the reference takes the first in a fixed order, and
//! so do we. Source of truth: section 5 of the reference's command line.

use std::path::PathBuf;

use super::resolve::Resolved;

/// One operation to carry out instead of a sync.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OneShot {
    /// Grant an entitlement.
    Grant {
        /// The entitlement's id.
        entitlement: String,
        /// The principal's id.
        principal: String,
        /// The principal's resource type; not everyone gives it.
        principal_type: Option<String>,
    },
    /// Revoke a grant.
    Revoke {
        /// The grant's id.
        grant: String,
    },
    /// Print the events of a feed.
    Events {
        /// The feed, if not the only one.
        feed: Option<String>,
        /// First moment of interest, RFC 3339.
        start_at: Option<String>,
        /// Where an earlier read stopped.
        cursor: Option<String>,
    },
    /// Create an account.
    CreateAccount {
        /// The login.
        login: Option<String>,
        /// The e-mail address.
        email: Option<String>,
        /// A JSON object, not yet parsed.
        profile: Option<String>,
        /// The resource type of the account.
        resource_type: Option<String>,
    },
    /// Invoke an action and wait for its end.
    InvokeAction {
        /// The action.
        name: String,
        /// A JSON object, not yet parsed.
        arguments: String,
        /// The resource type that the action belongs to.
        resource_type: Option<String>,
    },
    /// List the actions.
    ListActionSchemas {
        /// Of this resource type only.
        resource_type: Option<String>,
    },
    /// Delete a resource.
    Delete {
        /// Its id.
        resource: String,
        /// Its type.
        resource_type: Option<String>,
    },
    /// Rotate a resource's credentials.
    RotateCredentials {
        /// Its id.
        resource: String,
        /// Its type.
        resource_type: Option<String>,
    },
    /// Create a ticket from a template.
    CreateTicket {
        /// The template.
        template: PathBuf,
    },
    /// Create tickets from a template.
    BulkCreateTicket {
        /// The template.
        template: PathBuf,
    },
    /// List the ticket schemas.
    ListTicketSchemas,
    /// Read a ticket.
    GetTicket {
        /// Its id.
        ticket: String,
    },
    /// Add the difference of two syncs to the file.
    DiffSyncs {
        /// The earlier sync.
        base: String,
        /// The later sync.
        applied: String,
    },
    /// Merge syncs into a new file.
    CompactSyncs {
        /// The syncs.
        syncs: Vec<String>,
        /// The files that hold them.
        files: Vec<PathBuf>,
        /// The file to write.
        output: PathBuf,
    },
}

impl OneShot {
    /// True if asking for it means allowing writes.
    pub fn implies_provisioning(&self) -> bool {
        matches!(
            self,
            Self::Grant { .. }
                | Self::Revoke { .. }
                | Self::CreateAccount { .. }
                | Self::Delete { .. }
                | Self::RotateCredentials { .. }
        )
    }

    /// True if asking for it means enabling tickets.
    pub fn implies_ticketing(&self) -> bool {
        matches!(
            self,
            Self::CreateTicket { .. }
                | Self::BulkCreateTicket { .. }
                | Self::ListTicketSchemas
                | Self::GetTicket { .. }
        )
    }

    pub(super) fn choose(found: &Resolved) -> Option<Self> {
        writes_first(found).or_else(|| tickets(found)).or_else(|| files(found))
    }
}

fn writes_first(found: &Resolved) -> Option<OneShot> {
    if found.is_set("grant-entitlement") {
        return Some(OneShot::Grant {
            entitlement: found.text("grant-entitlement"),
            principal: found.text("grant-principal"),
            principal_type: found.optional("grant-principal-type"),
        });
    }
    if let Some(grant) = found.optional("revoke-grant") {
        return Some(OneShot::Revoke { grant });
    }
    if found.bool("event-feed") {
        return Some(OneShot::Events {
            feed: found.optional("event-feed-id"),
            start_at: found.optional("event-feed-start-at"),
            cursor: found.optional("event-feed-cursor"),
        });
    }
    let account = ["create-account-profile", "create-account-login", "create-account-email"];
    if account.iter().any(|name| found.is_set(name)) {
        return Some(OneShot::CreateAccount {
            login: found.optional("create-account-login"),
            email: found.optional("create-account-email"),
            profile: found.optional("create-account-profile"),
            resource_type: found.optional("create-account-resource-type"),
        });
    }
    if let Some(name) = found.optional("invoke-action") {
        return Some(OneShot::InvokeAction {
            name,
            arguments: found.text("invoke-action-args"),
            resource_type: found.optional("invoke-action-resource-type"),
        });
    }
    if found.bool("list-action-schemas") {
        let resource_type = found.optional("list-action-schemas-resource-type");
        return Some(OneShot::ListActionSchemas { resource_type });
    }
    if let Some(resource) = found.optional("delete-resource") {
        return Some(OneShot::Delete { resource, resource_type: found.optional("delete-resource-type") });
    }
    let resource = found.optional("rotate-credentials")?;
    Some(OneShot::RotateCredentials { resource, resource_type: found.optional("rotate-credentials-type") })
}

fn tickets(found: &Resolved) -> Option<OneShot> {
    if found.bool("create-ticket") {
        return Some(OneShot::CreateTicket {
            template: found.path("ticket-template-path").unwrap_or_default(),
        });
    }
    if found.bool("bulk-create-ticket") {
        let template = found.path("bulk-ticket-template-path").unwrap_or_default();
        return Some(OneShot::BulkCreateTicket { template });
    }
    if found.bool("list-ticket-schemas") {
        return Some(OneShot::ListTicketSchemas);
    }
    found.bool("get-ticket").then(|| OneShot::GetTicket { ticket: found.text("ticket-id") })
}

fn files(found: &Resolved) -> Option<OneShot> {
    if found.bool("diff-syncs") {
        return Some(OneShot::DiffSyncs {
            base: found.text("base-sync-id"),
            applied: found.text("applied-sync-id"),
        });
    }
    found.bool("compact-syncs").then(|| OneShot::CompactSyncs {
        syncs: found.list("compact-sync-ids"),
        files: found.list("compact-file-paths").into_iter().map(PathBuf::from).collect(),
        output: found.path("compact-output-path").unwrap_or_default(),
    })
}
