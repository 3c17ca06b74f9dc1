//! A connector that answers what it was told to, and keeps a record of what it was asked.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use prost::{Message, Name};
use prost_types::Any;
use tonic::Code;

use crate::{
    baton::{
        connector::{Call, Connector, ConnectorError, Page, PageRequest, ResourceQuery, TypeSpec},
        model::{self, Built, ResourceTypeBuilder},
    },
    wire::{pack, v2, v2::resource_type::Trait},
};

pub(super) fn rid(resource_type: &str, resource: &str) -> v2::ResourceId {
    v2::ResourceId {
        resource_type: resource_type.to_owned(),
        resource: resource.to_owned(),
        ..Default::default()
    }
}

pub(super) fn key(id: &v2::ResourceId) -> String {
    format!("{}:{}", id.resource_type, id.resource)
}

/// A plain resource, with the trait that its type declares.
pub(super) fn resource(resource_type: &str, id: &str) -> v2::Resource {
    let built = Built {
        id: rid(resource_type, id),
        display_name: format!("{resource_type} {id}"),
        ..Built::default()
    };
    match resource_type {
        "user" => model::user(built, v2::UserTrait::default()),
        "group" => {
            let mut group = model::role(built);
            group.annotations = vec![pack(&v2::GroupTrait::default())];
            group
        }
        _ => {
            let mut plain = model::role(built);
            plain.annotations.clear();
            plain
        }
    }
}

/// With which code to fail, how often, and how long to wait then.
type Failure = (Code, usize, Option<Duration>);

/// The script. Every listing has a name, such as `resources user`, `resources user below group:1`, `static group`,
/// `entitlements group:1` or `grants group:1`; what is not in the script is empty.
#[derive(Default)]
pub(super) struct Scripted {
    pub(super) types: Vec<TypeSpec>,
    pub(super) resources: BTreeMap<String, Vec<v2::Resource>>,
    pub(super) entitlements: BTreeMap<String, Vec<v2::Entitlement>>,
    pub(super) grants: BTreeMap<String, Vec<v2::Grant>>,
    /// Annotations of the replies to a listing, or to one page of it: `grants group:1@token`.
    pub(super) replies: HashMap<String, Vec<Any>>,
    /// What the next page token of a listing is, whatever the page.
    pub(super) next: HashMap<String, String>,
    /// Items on a page; 0 means all.
    pub(super) page: usize,
    pub(super) failures: Mutex<HashMap<String, Failure>>,
    /// A listing that never answers.
    pub(super) hangs: Option<String>,
    /// A page that panics, as it is asked for.
    pub(super) panics: Option<String>,
    pub(super) asked: Mutex<Vec<String>>,
    running: AtomicUsize,
    pub(super) most_at_once: AtomicUsize,
}

impl Scripted {
    /// Users and groups.
    pub(super) fn new() -> Self {
        let mut this = Self::default();
        this.add_type(ResourceTypeBuilder::new("user", "User", "").with_trait(Trait::User));
        this.add_type(ResourceTypeBuilder::new("group", "Group", "").with_trait(Trait::Group));
        this
    }

    pub(super) fn add_type(&mut self, resource_type: ResourceTypeBuilder) {
        self.types.push(TypeSpec { resource_type: resource_type.build(), ..TypeSpec::default() });
    }

    pub(super) fn annotate_type<M: Message + Name>(&mut self, id: &str, annotation: &M) {
        let spec = self.types.iter_mut().find(|spec| spec.resource_type.id == id).unwrap();
        spec.resource_type.annotations.push(pack(annotation));
    }

    pub(super) fn users(&mut self, ids: &[&str]) {
        let users = ids.iter().map(|id| resource("user", id));
        self.resources.entry("resources user".to_owned()).or_default().extend(users);
    }

    /// A group, its `member` entitlement, and who holds it.
    pub(super) fn group(&mut self, id: &str, members: &[v2::ResourceId]) {
        let group = resource("group", id);
        self.entitlements
            .insert(format!("entitlements group:{id}"), vec![model::assignment(&group, "member", &[])]);
        let grants = members.iter().map(|m| model::grant(&rid("group", id), "member", m)).collect();
        self.grants.insert(format!("grants group:{id}"), grants);
        self.resources.entry("resources group".to_owned()).or_default().push(group);
    }

    /// The members of `source` are members of `group`, too.
    pub(super) fn nest(&mut self, group: &str, source: &str) {
        self.nest_as(group, source, v2::GrantExpandable::default());
    }

    pub(super) fn nest_as(&mut self, group: &str, source: &str, mut expandable: v2::GrantExpandable) {
        if expandable.entitlement_ids.is_empty() {
            expandable.entitlement_ids.push(format!("group:{source}:member"));
        }
        let mut grant = model::grant(&rid("group", group), "member", &rid("group", source));
        grant.annotations.push(pack(&expandable));
        self.grants.entry(format!("grants group:{group}")).or_default().push(grant);
    }

    /// Lets the next calls of a listing fail.
    pub(super) fn fail(&self, name: &str, code: Code, times: usize) {
        self.failures.lock().unwrap().insert(name.to_owned(), (code, times, None));
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn note(&self, name: &str, token: &str) -> Result<(), ConnectorError> {
        let at = if token.is_empty() { String::new() } else { format!("@{token}") };
        self.asked.lock().unwrap().push(format!("{name}{at}"));
        match self.failures.lock().unwrap().get_mut(name) {
            Some((code, times, wait)) if *times > 0 => {
                *times -= 1;
                let error = ConnectorError::new(*code, format!("{name} failed"));
                Err(match wait {
                    Some(wait) => error.retry_after(*wait),
                    None => error,
                })
            }
            _ => Ok(()),
        }
    }

    async fn answer<T: Clone>(
        &self,
        name: String,
        items: Option<&Vec<T>>,
        page: &PageRequest,
    ) -> Result<Page<T>, ConnectorError> {
        let now = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(now, Ordering::SeqCst);
        tokio::task::yield_now().await;
        self.running.fetch_sub(1, Ordering::SeqCst);
        self.note(&name, &page.token)?;
        if self.hangs.as_ref() == Some(&name) {
            std::future::pending::<()>().await;
        }
        assert_ne!(self.panics, self.asked().pop(), "on purpose");
        let all = items.map(Vec::as_slice).unwrap_or_default();
        let start = page.token.parse().unwrap_or(0).min(all.len());
        let end = if self.page == 0 { all.len() } else { all.len().min(start + self.page) };
        let next = (end < all.len()).then(|| end.to_string());
        let reply = self.replies.get(&format!("{name}@{}", page.token)).or_else(|| self.replies.get(&name));
        Ok(Page {
            items: all[start..end].to_vec(),
            next: self.next.get(&name).cloned().or(next),
            annotations: reply.cloned().unwrap_or_default(),
        })
    }
}

#[async_trait]
impl Connector for Scripted {
    fn metadata(&self) -> v2::ConnectorMetadata {
        v2::ConnectorMetadata::default()
    }

    fn types(&self) -> &[TypeSpec] {
        &self.types
    }

    async fn validate(&self, call: &Call) -> Result<Vec<Any>, ConnectorError> {
        assert_eq!(call.sync_id, None, "there is no sync yet");
        self.note("validate", "").map(|()| Vec::new())
    }

    async fn resources(
        &self,
        call: &Call,
        query: &ResourceQuery,
        page: &PageRequest,
    ) -> Result<Page<v2::Resource>, ConnectorError> {
        assert!(call.sync_id.is_some(), "every page belongs to the sync");
        let name = match &query.parent {
            Some(parent) => format!("resources {} below {}", query.resource_type, key(parent)),
            None => format!("resources {}", query.resource_type),
        };
        let items = self.resources.get(&name);
        self.answer(name, items, page).await
    }

    async fn resource(
        &self,
        _call: &Call,
        id: &v2::ResourceId,
    ) -> Result<Option<v2::Resource>, ConnectorError> {
        self.note(&format!("resource {}", key(id)), "")?;
        let all = self.resources.values().flatten();
        Ok(all.into_iter().find(|r| r.id.as_ref() == Some(id)).cloned())
    }

    async fn static_entitlements(
        &self,
        _call: &Call,
        resource_type: &str,
        page: &PageRequest,
    ) -> Result<Page<v2::Entitlement>, ConnectorError> {
        let name = format!("static {resource_type}");
        let items = self.entitlements.get(&name);
        self.answer(name, items, page).await
    }

    async fn entitlements(
        &self,
        _call: &Call,
        resource: &v2::Resource,
        page: &PageRequest,
    ) -> Result<Page<v2::Entitlement>, ConnectorError> {
        let name = format!("entitlements {}", resource.id.as_ref().map(key).unwrap_or_default());
        let items = self.entitlements.get(&name);
        self.answer(name, items, page).await
    }

    async fn grants(
        &self,
        _call: &Call,
        resource: &v2::Resource,
        page: &PageRequest,
    ) -> Result<Page<v2::Grant>, ConnectorError> {
        let name = format!("grants {}", resource.id.as_ref().map(key).unwrap_or_default());
        let items = self.grants.get(&name);
        self.answer(name, items, page).await
    }

    async fn cleanup(&self, call: &Call) {
        assert!(call.sync_id.is_some());
        self.asked.lock().unwrap().push("cleanup".to_owned());
    }
}
