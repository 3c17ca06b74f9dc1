//! The services of the contract. Each only translates: a request into a call on the runtime, its answer into a reply.

mod accounts;
mod actions;
mod assets;
mod connector;
mod entitlements;
mod events;
mod grants;
mod rate_limiter;
mod resources;
mod tickets;

use std::sync::Arc;

use tonic::{Request, Response, Status, server::NamedService, service::Routes};

use super::observe::Caller;
use crate::{
    baton::{connector::Call, runtime::Runtime},
    wire::{c1::ratelimit::v1::rate_limiter_service_server::RateLimiterServiceServer, v2},
};

type Answer<T> = Result<Response<T>, Status>;

/// All services over one runtime.
#[derive(Clone)]
struct Services {
    runtime: Arc<Runtime>,
}

/// A request's message, and on whose behalf it comes.
fn split<M>(request: Request<M>) -> (Call, M) {
    let caller = request.extensions().get::<Caller>().map_or_else(String::new, |c| c.0.clone());
    (Call { sync_id: None, caller }, request.into_inner())
}

macro_rules! routes {
    ($services:expr; $($module:ident :: $server:ident),* $(,)?) => {{
        let mut routes = Routes::default();
        let mut names: Vec<&'static str> = Vec::new();
        $(
            type $server = v2::$module::$server<Services>;
            names.push($server::NAME);
            routes = routes.add_service($server::new($services.clone()));
        )*
        (routes, names)
    }};
}

/// The routes of all services, and their full names.
pub(super) fn routes(runtime: Arc<Runtime>) -> (Routes, Vec<&'static str>) {
    let services = Services { runtime };
    let (mut routes, mut names) = routes!(services;
        connector_service_server::ConnectorServiceServer,
        resource_types_service_server::ResourceTypesServiceServer,
        resources_service_server::ResourcesServiceServer,
        resource_getter_service_server::ResourceGetterServiceServer,
        entitlements_service_server::EntitlementsServiceServer,
        grants_service_server::GrantsServiceServer,
        grant_manager_service_server::GrantManagerServiceServer,
        resource_manager_service_server::ResourceManagerServiceServer,
        resource_deleter_service_server::ResourceDeleterServiceServer,
        account_manager_service_server::AccountManagerServiceServer,
        credential_manager_service_server::CredentialManagerServiceServer,
        asset_service_server::AssetServiceServer,
        event_service_server::EventServiceServer,
        action_service_server::ActionServiceServer,
        tickets_service_server::TicketsServiceServer,
    );
    names.push(RateLimiterServiceServer::<Services>::NAME);
    routes = routes.add_service(RateLimiterServiceServer::new(services));
    (routes, names)
}
