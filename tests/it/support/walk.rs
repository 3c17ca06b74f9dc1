//! A client that reads everything in the order of a sync, checks each answer against the rules, and keeps the graph.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

use baton_ninja_one::{
    baton::ksuid::ksuid,
    wire::{Validate, find, v2},
};
use prost::Message;
use tonic::{Status, transport::Channel};

/// Everything a sync sees, by id.
#[derive(Debug, Default, PartialEq)]
pub struct Graph {
    pub types: BTreeMap<String, v2::ResourceType>,
    pub resources: BTreeMap<String, v2::Resource>,
    pub entitlements: BTreeMap<String, v2::Entitlement>,
    pub grants: BTreeMap<String, v2::Grant>,
}

/// One walk.
pub struct Walk {
    channel: Channel,
    page_size: u32,
    pub sync_id: String,
    calls: AtomicU64,
}

/// What clients accept.
const LARGEST: usize = 4 << 20;

impl Walk {
    pub fn new(channel: &Channel, page_size: u32) -> Self {
        let sync_id = ksuid(std::time::SystemTime::now());
        Self { channel: channel.clone(), page_size, sync_id, calls: AtomicU64::new(0) }
    }

    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    fn check<M: Message + Validate>(&self, reply: &M, items: usize) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        reply.validate().unwrap();
        assert!(reply.encoded_len() < LARGEST, "a reply of {} bytes", reply.encoded_len());
        assert!(
            self.page_size == 0 || items <= self.page_size as usize,
            "{items} items for {}",
            self.page_size
        );
    }

    /// The whole order: types, resources, entitlements, grants.
    pub async fn run(&self) -> Result<Graph, Status> {
        let mut graph = Graph::default();
        let mut types =
            v2::resource_types_service_client::ResourceTypesServiceClient::new(self.channel.clone());
        let request = v2::ResourceTypesServiceListResourceTypesRequest {
            active_sync_id: self.sync_id.clone(),
            page_size: self.page_size,
            ..Default::default()
        };
        let reply = types.list_resource_types(request).await?.into_inner();
        reply.validate().unwrap();
        assert!(reply.next_page_token.is_empty());
        graph.types.extend(reply.list.into_iter().map(|t| (t.id.clone(), t)));

        for resource_type in graph.types.keys() {
            for resource in self.resources(resource_type).await? {
                let id = resource.id.clone().unwrap();
                assert_eq!(&id.resource_type, resource_type);
                let key = format!("{}:{}", id.resource_type, id.resource);
                assert!(graph.resources.insert(key.clone(), resource).is_none(), "{key} comes twice");
            }
        }
        for resource in graph.resources.values() {
            let resource_type = &graph.types[&resource.id.as_ref().unwrap().resource_type];
            if find::<v2::SkipEntitlementsAndGrants>(&resource_type.annotations).is_some() {
                continue;
            }
            for entitlement in self.entitlements(resource).await? {
                let key = entitlement.id.clone();
                assert!(graph.entitlements.insert(key.clone(), entitlement).is_none(), "{key} comes twice");
            }
            for grant in self.grants(resource).await? {
                let key = grant.id.clone();
                assert!(graph.grants.insert(key.clone(), grant).is_none(), "{key} comes twice");
            }
        }
        Ok(graph)
    }

    pub async fn resources(&self, resource_type: &str) -> Result<Vec<v2::Resource>, Status> {
        let mut client = v2::resources_service_client::ResourcesServiceClient::new(self.channel.clone());
        let (mut all, mut token) = (Vec::new(), String::new());
        loop {
            let request = v2::ResourcesServiceListResourcesRequest {
                resource_type_id: resource_type.into(),
                page_size: self.page_size,
                page_token: token,
                active_sync_id: self.sync_id.clone(),
                ..Default::default()
            };
            let reply = client.list_resources(request).await?.into_inner();
            self.check(&reply, reply.list.len());
            all.extend(reply.list);
            token = reply.next_page_token;
            if token.is_empty() {
                return Ok(all);
            }
        }
    }

    pub async fn entitlements(&self, resource: &v2::Resource) -> Result<Vec<v2::Entitlement>, Status> {
        let mut client =
            v2::entitlements_service_client::EntitlementsServiceClient::new(self.channel.clone());
        let request = v2::EntitlementsServiceListEntitlementsRequest {
            resource: Some(resource.clone()),
            page_size: self.page_size,
            active_sync_id: self.sync_id.clone(),
            ..Default::default()
        };
        let reply = client.list_entitlements(request).await?.into_inner();
        self.check(&reply, reply.list.len());
        assert!(reply.next_page_token.is_empty());
        Ok(reply.list)
    }

    pub async fn grants(&self, resource: &v2::Resource) -> Result<Vec<v2::Grant>, Status> {
        let mut client = v2::grants_service_client::GrantsServiceClient::new(self.channel.clone());
        let (mut all, mut token) = (Vec::new(), String::new());
        loop {
            let request = v2::GrantsServiceListGrantsRequest {
                resource: Some(resource.clone()),
                page_size: self.page_size,
                page_token: token,
                active_sync_id: self.sync_id.clone(),
                ..Default::default()
            };
            let reply = client.list_grants(request).await?.into_inner();
            self.check(&reply, reply.list.len());
            all.extend(reply.list);
            token = reply.next_page_token;
            if token.is_empty() {
                return Ok(all);
            }
        }
    }
}
