//! Listings: resource types, resources, entitlements and grants, page by page.

use tonic::Status;

use super::{Runtime, check, failed};
use crate::{
    baton::connector::{Call, ConnectorError, Page, PageRequest, ResourceQuery},
    wire::v2,
};

impl Runtime {
    /// All resource types, on one page.
    ///
    /// # Errors
    /// `FailedPrecondition` when the connector has none.
    pub fn list_resource_types(
        &self,
        request: &v2::ResourceTypesServiceListResourceTypesRequest,
    ) -> Result<v2::ResourceTypesServiceListResourceTypesResponse, Status> {
        check(request)?;
        if !request.page_token.is_empty() {
            return Err(Status::from(Foreign("resource types")));
        }
        let list: Vec<_> = self.connector.types().iter().map(|t| t.resource_type.clone()).collect();
        if list.is_empty() {
            return Err(Status::failed_precondition("error: no resource types found"));
        }
        Ok(v2::ResourceTypesServiceListResourceTypesResponse { list, ..Default::default() })
    }

    /// A page of resources.
    ///
    /// # Errors
    /// `InvalidArgument`, `NotFound` for an unknown type, or what the connector said.
    pub async fn list_resources(
        &self,
        call: Call,
        request: v2::ResourcesServiceListResourcesRequest,
    ) -> Result<v2::ResourcesServiceListResourcesResponse, Status> {
        check(&request)?;
        self.listed("list resources", &request.resource_type_id)?;
        let query =
            ResourceQuery { resource_type: request.resource_type_id, parent: request.parent_resource_id };
        let page = PageRequest::new(&request.page_token, request.page_size);
        let call = within(call, request.active_sync_id);
        let (list, next_page_token, annotations) =
            ended(&page, self.connector.resources(&call, &query, &page).await)?;
        Ok(v2::ResourcesServiceListResourcesResponse { list, next_page_token, annotations })
    }

    /// One resource.
    ///
    /// # Errors
    /// `Unimplemented` for a type without a getter, `NotFound` for a resource that is not there.
    pub async fn get_resource(
        &self,
        call: Call,
        request: v2::ResourceGetterServiceGetResourceRequest,
    ) -> Result<v2::ResourceGetterServiceGetResourceResponse, Status> {
        check(&request)?;
        let id = request.resource_id.unwrap_or_default();
        if !self.spec(&id.resource_type).is_some_and(|t| t.get) {
            let text = format!("error: get resource with unknown resource type {}", id.resource_type);
            return Err(Status::unimplemented(text));
        }
        let call = within(call, request.active_sync_id);
        match self.connector.resource(&call, &id).await.map_err(|e| failed("", e))? {
            None => Err(Status::not_found(format!(
                "error: resource {}:{} not found",
                id.resource_type, id.resource
            ))),
            resource => {
                Ok(v2::ResourceGetterServiceGetResourceResponse { resource, annotations: Vec::new() })
            }
        }
    }

    /// A page of entitlement templates.
    ///
    /// # Errors
    /// As [`Runtime::list_resources`].
    pub async fn list_static_entitlements(
        &self,
        call: Call,
        request: v2::EntitlementsServiceListStaticEntitlementsRequest,
    ) -> Result<v2::EntitlementsServiceListStaticEntitlementsResponse, Status> {
        check(&request)?;
        self.listed("list static entitlements", &request.resource_type_id)?;
        let page = PageRequest::new(&request.page_token, request.page_size);
        let call = within(call, request.active_sync_id);
        let answer = self.connector.static_entitlements(&call, &request.resource_type_id, &page).await;
        let (list, next_page_token, annotations) = ended(&page, answer)?;
        Ok(v2::EntitlementsServiceListStaticEntitlementsResponse { list, next_page_token, annotations })
    }

    /// A page of the entitlements of a resource.
    ///
    /// # Errors
    /// As [`Runtime::list_resources`].
    pub async fn list_entitlements(
        &self,
        call: Call,
        request: v2::EntitlementsServiceListEntitlementsRequest,
    ) -> Result<v2::EntitlementsServiceListEntitlementsResponse, Status> {
        check(&request)?;
        let resource = request.resource.unwrap_or_default();
        let Some(id) = &resource.id else {
            return Err(Status::invalid_argument("error: list entitlements requires a resource"));
        };
        self.listed("list entitlements", &id.resource_type)?;
        let page = PageRequest::new(&request.page_token, request.page_size);
        let call = within(call, request.active_sync_id);
        let (list, next_page_token, annotations) =
            ended(&page, self.connector.entitlements(&call, &resource, &page).await)?;
        Ok(v2::EntitlementsServiceListEntitlementsResponse { list, next_page_token, annotations })
    }

    /// A page of the grants on a resource.
    ///
    /// # Errors
    /// As [`Runtime::list_resources`].
    pub async fn list_grants(
        &self,
        call: Call,
        request: v2::GrantsServiceListGrantsRequest,
    ) -> Result<v2::GrantsServiceListGrantsResponse, Status> {
        check(&request)?;
        let resource = request.resource.unwrap_or_default();
        let Some(id) = &resource.id else {
            return Err(Status::invalid_argument("error: list grants requires a resource"));
        };
        self.listed("list grants", &id.resource_type)?;
        let page = PageRequest::new(&request.page_token, request.page_size);
        let call = within(call, request.active_sync_id);
        let (list, next_page_token, annotations) =
            ended(&page, self.connector.grants(&call, &resource, &page).await)?;
        Ok(v2::GrantsServiceListGrantsResponse { list, next_page_token, annotations })
    }
}

/// A page token given to a listing that never hands any out.
struct Foreign(&'static str);

impl From<Foreign> for Status {
    fn from(Foreign(listing): Foreign) -> Self {
        failed("", ConnectorError::foreign_token(listing))
    }
}

fn within(mut call: Call, sync_id: String) -> Call {
    call.sync_id = Some(sync_id).filter(|id| !id.is_empty());
    call
}

type Parts<T> = (Vec<T>, String, Vec<prost_types::Any>);

/// The parts of a page. A listing that hands out the token it was given would never end.
fn ended<T>(request: &PageRequest, answer: Result<Page<T>, ConnectorError>) -> Result<Parts<T>, Status> {
    let page = answer.map_err(|e| failed("", e))?;
    let next = page.next.unwrap_or_default();
    if !next.is_empty() && next == request.token {
        return Err(Status::internal(
            "the next page token is unchanged; this is likely a bug in the connector",
        ));
    }
    Ok((page.items, next, page.annotations))
}
