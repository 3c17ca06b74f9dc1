//! The calls of a platform that provisions, short enough to be read as sentences.

use baton_ninja_one::{
    baton::model,
    wire::{find, v2},
};
use prost_types::{ListValue, Struct, Value, value::Kind};
use tonic::Status;

use super::{Daemon, World};

/// `user`, `21` as a resource with nothing but its id.
pub fn by_id(resource_type: &str, id: impl ToString) -> v2::Resource {
    v2::Resource { id: Some(resource_id(resource_type, id)), ..Default::default() }
}

pub fn resource_id(resource_type: &str, id: impl ToString) -> v2::ResourceId {
    v2::ResourceId { resource_type: resource_type.into(), resource: id.to_string(), ..Default::default() }
}

/// The `assigned` of a role, by reference.
pub fn assigned(role: impl ToString) -> v2::Entitlement {
    let resource = by_id("role", role);
    let id = model::entitlement_id(resource.id.as_ref().unwrap(), "assigned");
    v2::Entitlement { id, resource: Some(resource), ..Default::default() }
}

/// What an account is to be made from.
#[derive(Debug, Clone, Default)]
pub struct NewUser(Struct);

impl NewUser {
    pub fn technician(email: &str) -> Self {
        Self::default()
            .text("email", email)
            .text("first_name", "Nia")
            .text("last_name", "New")
            .text("user_type", "technician")
    }

    /// An end user of the organization 1.
    pub fn end_user(email: &str) -> Self {
        Self::technician(email).text("user_type", "end_user").text("organization_id", "1")
    }

    pub fn text(self, key: &str, text: &str) -> Self {
        self.set(key, Kind::StringValue(text.into()))
    }

    pub fn flag(self, key: &str, flag: bool) -> Self {
        self.set(key, Kind::BoolValue(flag))
    }

    pub fn roles(self, roles: &[i32]) -> Self {
        let values = roles.iter().map(|id| Value { kind: Some(Kind::StringValue(id.to_string())) }).collect();
        self.set("roles", Kind::ListValue(ListValue { values }))
    }

    fn set(mut self, key: &str, kind: Kind) -> Self {
        self.0.fields.insert(key.into(), Value { kind: Some(kind) });
        self
    }

    fn info(self) -> v2::AccountInfo {
        v2::AccountInfo { profile: Some(self.0), ..Default::default() }
    }
}

/// Arguments of an action about a user.
pub fn about(user: impl ToString) -> Arguments {
    let text = |text: String| Value { kind: Some(Kind::StringValue(text)) };
    let id = Struct {
        fields: [
            ("resource_type_id".to_owned(), text("user".into())),
            ("resource_id".to_owned(), text(user.to_string())),
        ]
        .into(),
    };
    Arguments(NewUser::default().set("user_id", Kind::StructValue(id)))
}

#[derive(Debug, Clone)]
pub struct Arguments(NewUser);

impl Arguments {
    pub fn text(self, key: &str, text: &str) -> Self {
        Self(self.0.text(key, text))
    }

    pub fn flag(self, key: &str, flag: bool) -> Self {
        Self(self.0.flag(key, flag))
    }
}

/// The calls.
impl Daemon {
    pub async fn try_grant(
        &self,
        entitlement: v2::Entitlement,
        principal: v2::Resource,
    ) -> Result<v2::GrantManagerServiceGrantResponse, Status> {
        let mut client =
            v2::grant_manager_service_client::GrantManagerServiceClient::new(self.channel.clone());
        let request = v2::GrantManagerServiceGrantRequest {
            entitlement: Some(entitlement),
            principal: Some(principal),
            ..Default::default()
        };
        Ok(client.grant(request).await?.into_inner())
    }

    /// Grants the role; whether it was so before.
    pub async fn grant(&self, role: i32, user: i32) -> Result<bool, Status> {
        let reply = self.try_grant(assigned(role), by_id("user", user)).await?;
        let ids: Vec<_> = reply.grants.iter().map(|grant| grant.id.clone()).collect();
        assert_eq!(ids, [format!("role:{role}:assigned:user:{user}")]);
        Ok(find::<v2::GrantAlreadyExists>(&reply.annotations).is_some())
    }

    pub async fn try_revoke(
        &self,
        entitlement: v2::Entitlement,
        principal: v2::Resource,
    ) -> Result<v2::GrantManagerServiceRevokeResponse, Status> {
        let mut client =
            v2::grant_manager_service_client::GrantManagerServiceClient::new(self.channel.clone());
        let grant = v2::Grant {
            id: "any".into(),
            entitlement: Some(entitlement),
            principal: Some(principal),
            ..Default::default()
        };
        let request = v2::GrantManagerServiceRevokeRequest { grant: Some(grant), ..Default::default() };
        Ok(client.revoke(request).await?.into_inner())
    }

    /// Revokes the role; whether it was so before.
    pub async fn revoke(&self, role: i32, user: i32) -> Result<bool, Status> {
        let reply = self.try_revoke(assigned(role), by_id("user", user)).await?;
        Ok(find::<v2::GrantAlreadyRevoked>(&reply.annotations).is_some())
    }

    pub async fn try_create(
        &self,
        request: v2::CreateAccountRequest,
    ) -> Result<v2::CreateAccountResponse, Status> {
        let mut client =
            v2::account_manager_service_client::AccountManagerServiceClient::new(self.channel.clone());
        Ok(client.create_account(request).await?.into_inner())
    }

    pub async fn create(&self, user: NewUser) -> Result<v2::create_account_response::Result, Status> {
        let request = v2::CreateAccountRequest { account_info: Some(user.info()), ..Default::default() };
        Ok(self.try_create(request).await?.result.expect("a result"))
    }

    /// Deletes the user; whether it was gone before.
    pub async fn delete(&self, user: impl ToString) -> Result<bool, Status> {
        let mut client =
            v2::resource_manager_service_client::ResourceManagerServiceClient::new(self.channel.clone());
        let id = resource_id("user", user);
        let request = v2::DeleteResourceRequest { resource_id: Some(id.clone()), parent_resource_id: None };
        let reply = client.delete_resource(request).await?.into_inner();
        let deleted = find::<v2::ResourceDeleted>(&reply.annotations);
        let absent = find::<v2::ResourceDoesNotExist>(&reply.annotations).is_some();
        assert_eq!(deleted.is_some(), !absent);
        assert!(deleted.is_none_or(|d| d.resource_id == Some(id)));
        Ok(absent)
    }

    pub async fn invoke(&self, action: &str, args: Arguments) -> Result<v2::InvokeActionResponse, Status> {
        let mut client = v2::action_service_client::ActionServiceClient::new(self.channel.clone());
        let request = v2::InvokeActionRequest {
            name: action.into(),
            args: Some(args.0.0),
            inline_wait: Some(prost_types::Duration { seconds: 60, nanos: 0 }),
            ..Default::default()
        };
        Ok(client.invoke_action(request).await?.into_inner())
    }

    /// The users that a new call shows in a role.
    pub async fn shown_members(&self, role: i32) -> Vec<i32> {
        let mut client = v2::grants_service_client::GrantsServiceClient::new(self.channel.clone());
        let request =
            v2::GrantsServiceListGrantsRequest { resource: Some(by_id("role", role)), ..Default::default() };
        let grants = client.list_grants(request).await.unwrap().into_inner().list;
        let id = |grant: v2::Grant| grant.principal.unwrap().id.unwrap().resource.parse().unwrap();
        let mut ids: Vec<_> = grants.into_iter().map(id).collect();
        ids.sort_unstable();
        ids
    }

    /// The ids of the users that a new call shows.
    pub async fn shown_users(&self) -> Vec<i32> {
        let users = self.users().await.unwrap();
        users.into_iter().map(|user| user.id.unwrap().resource.parse().unwrap()).collect()
    }
}

/// The resource in a result of a creation, and the kind of result.
pub fn result(result: &v2::create_account_response::Result) -> (&'static str, &v2::Resource) {
    use v2::create_account_response::Result as R;
    let (kind, resource, flag) = match result {
        R::Success(r) => ("success", &r.resource, r.is_create_account_result),
        R::ActionRequired(r) => ("action_required", &r.resource, r.is_create_account_result),
        R::AlreadyExists(r) => ("already_exists", &r.resource, r.is_create_account_result),
        R::InProgress(r) => ("in_progress", &r.resource, r.is_create_account_result),
    };
    assert!(flag);
    (kind, resource.as_ref().expect("a resource"))
}

/// The number in a resource's id.
pub fn number(resource: &v2::Resource) -> i32 {
    resource.id.as_ref().unwrap().resource.parse().unwrap()
}

/// The writes that came, such as `DELETE /v2/user/technician/12`.
pub fn sent(world: &World) -> Vec<String> {
    world.ninja_one.writes().into_iter().map(|w| format!("{} {}", w.method, w.path)).collect()
}
