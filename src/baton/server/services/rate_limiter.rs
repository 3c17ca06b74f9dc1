//! The rate limiter that a parent process asks before each call: it never limits.

use tonic::{Request, Response};

use super::{Answer, Services};
use crate::wire::{Validate as _, c1::ratelimit::v1 as ratelimit};

#[tonic::async_trait]
impl ratelimit::rate_limiter_service_server::RateLimiterService for Services {
    async fn r#do(&self, request: Request<ratelimit::DoRequest>) -> Answer<ratelimit::DoResponse> {
        let request = request.into_inner();
        request.validate().map_err(|v| tonic::Status::invalid_argument(v.to_string()))?;
        let status = ratelimit::rate_limit_description::Status::Empty.into();
        let description = Some(ratelimit::RateLimitDescription { status, ..Default::default() });
        Ok(Response::new(ratelimit::DoResponse { request_token: request.request_token, description }))
    }

    async fn report(&self, request: Request<ratelimit::ReportRequest>) -> Answer<ratelimit::ReportResponse> {
        request.get_ref().validate().map_err(|v| tonic::Status::invalid_argument(v.to_string()))?;
        Ok(Response::new(ratelimit::ReportResponse::default()))
    }
}
