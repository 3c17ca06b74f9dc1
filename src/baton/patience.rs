//! Trying again after a failure of a connector that may pass: what counts as one, and how long to wait.

use std::time::Duration;

use prost_types::Any;
use tonic::Code;

use super::connector::{Call, Connector, ConnectorError};

/// The longest wait, whatever the failure asks for.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How often validation is tried.
const VALIDATIONS: u32 = 5;

/// Whether the same call may work another time.
pub(super) fn may_pass(error: &ConnectorError) -> bool {
    matches!(error.code(), Code::Unavailable | Code::DeadlineExceeded)
}

/// Waits after the failed attempt of this number: as long as the failure says, within bounds, else longer each time.
pub(super) async fn pause(error: &ConnectorError, attempt: u32) {
    let wait = error.wait().unwrap_or(Duration::from_secs(attempt.into())).min(LONGEST_WAIT);
    tracing::warn!(attempt, seconds = wait.as_secs_f64(), %error, "the connector failed for now; trying again");
    tokio::time::sleep(wait).await;
}

/// Validates the connector; a failure that may pass is tried again a few times.
pub(super) async fn validate(connector: &dyn Connector, call: &Call) -> Result<Vec<Any>, ConnectorError> {
    let mut attempt = 1;
    loop {
        match connector.validate(call).await {
            Err(error) if may_pass(&error) && attempt < VALIDATIONS => pause(&error, attempt).await,
            result => return result,
        }
        attempt += 1;
    }
}
