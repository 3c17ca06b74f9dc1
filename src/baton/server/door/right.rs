//! What a call may do: read, or change something.
//!
//! Reading is what is listed here; every other served method needs the right to provision, so that a method that nobody
//! thought of is on the safe side.

use std::{collections::HashMap, sync::Arc};

use prost::Message as _;
use prost_types::FileDescriptorSet;

use crate::wire::DESCRIPTORS;

/// What an identity may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::baton::server) enum Right {
    /// List, look, validate.
    Read,
    /// Change something in the application as well.
    Provision,
}

/// Services of which everything is reading.
const READING_SERVICES: &[&str] = &[
    "c1.connector.v2.ConnectorService",
    "c1.connector.v2.ResourceTypesService",
    "c1.connector.v2.ResourcesService",
    "c1.connector.v2.ResourceGetterService",
    "c1.connector.v2.EntitlementsService",
    "c1.connector.v2.GrantsService",
    "c1.connector.v2.AssetService",
    "c1.connector.v2.EventService",
    "c1.ratelimit.v1.RateLimiterService",
];

/// Reading methods of services that can do more.
const READING_METHODS: &[&str] = &[
    "c1.connector.v2.ActionService/GetActionSchema",
    "c1.connector.v2.ActionService/GetActionStatus",
    "c1.connector.v2.ActionService/ListActionSchemas",
    "c1.connector.v2.TicketsService/BulkGetTickets",
    "c1.connector.v2.TicketsService/GetTicket",
    "c1.connector.v2.TicketsService/GetTicketSchema",
    "c1.connector.v2.TicketsService/ListTicketSchemas",
];

/// One served method.
#[derive(Debug, Clone)]
pub(in crate::baton::server) struct Method {
    /// `package.Service/Method`.
    pub(in crate::baton::server) name: Arc<str>,
    pub(in crate::baton::server) right: Right,
}

/// The methods of the services that are served, by path.
#[derive(Debug)]
pub(in crate::baton::server) struct Methods(HashMap<String, Method>);

impl Methods {
    /// The methods of these services, as the compiled contract has them.
    pub(in crate::baton::server) fn of(services: &[&'static str]) -> Self {
        // The descriptors are compiled in and were read by the reflection service before; were they broken, every method
        // would be an unknown one.
        let set = FileDescriptorSet::decode(DESCRIPTORS).unwrap_or_default();
        let mut found = HashMap::new();
        for file in &set.file {
            for service in &file.service {
                let full = format!("{}.{}", file.package(), service.name());
                if !services.contains(&full.as_str()) {
                    continue;
                }
                for method in &service.method {
                    let name = format!("{full}/{}", method.name());
                    let reads =
                        READING_SERVICES.contains(&full.as_str()) || READING_METHODS.contains(&name.as_str());
                    let right = if reads { Right::Read } else { Right::Provision };
                    found.insert(format!("/{name}"), Method { name: name.into(), right });
                }
            }
        }
        Self(found)
    }

    /// The method at a path, if it is served.
    pub(in crate::baton::server) fn find(&self, path: &str) -> Option<&Method> {
        self.0.get(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_changes_something_needs_the_right_to_provision() {
        let services = [
            "c1.connector.v2.ConnectorService",
            "c1.connector.v2.ResourceTypesService",
            "c1.connector.v2.ResourcesService",
            "c1.connector.v2.ResourceGetterService",
            "c1.connector.v2.EntitlementsService",
            "c1.connector.v2.GrantsService",
            "c1.connector.v2.GrantManagerService",
            "c1.connector.v2.ResourceManagerService",
            "c1.connector.v2.ResourceDeleterService",
            "c1.connector.v2.AccountManagerService",
            "c1.connector.v2.CredentialManagerService",
            "c1.connector.v2.AssetService",
            "c1.connector.v2.EventService",
            "c1.connector.v2.ActionService",
            "c1.connector.v2.TicketsService",
            "c1.ratelimit.v1.RateLimiterService",
        ];
        let methods = Methods::of(&services);
        let mut writing: Vec<_> =
            methods.0.values().filter(|m| m.right == Right::Provision).map(|m| &*m.name).collect();
        writing.sort_unstable();
        assert_eq!(
            writing,
            [
                "c1.connector.v2.AccountManagerService/CreateAccount",
                "c1.connector.v2.ActionService/InvokeAction",
                "c1.connector.v2.CredentialManagerService/IssueCredential",
                "c1.connector.v2.CredentialManagerService/RotateCredential",
                "c1.connector.v2.GrantManagerService/Grant",
                "c1.connector.v2.GrantManagerService/Revoke",
                "c1.connector.v2.ResourceDeleterService/DeleteResourceV2",
                "c1.connector.v2.ResourceManagerService/CreateResource",
                "c1.connector.v2.ResourceManagerService/DeleteResource",
                "c1.connector.v2.TicketsService/BulkCreateTickets",
                "c1.connector.v2.TicketsService/CreateTicket",
            ]
        );
        let services: std::collections::BTreeSet<_> =
            methods.0.values().filter_map(|m| m.name.split('/').next()).collect();
        assert_eq!(services.len(), 16, "each service has a method");
    }
}
