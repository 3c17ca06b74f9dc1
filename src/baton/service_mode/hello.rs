//! Hello: what this connector and its machine are. Said before the first poll, and when a task asks for it.

use super::{HostFacts, ServiceError};
use crate::{
    baton::runtime::Runtime,
    wire::api::{BatonServiceHelloRequest, baton_service_hello_request::BuildInfo},
};

/// What program this is.
#[derive(Debug, Clone)]
pub struct Program {
    /// The toolchain it was built with.
    pub toolchain: String,
    /// Its package.
    pub package: String,
    /// Its version.
    pub version: String,
}

/// The Hello of this process; `task_id` is empty at the start.
pub(super) fn hello(
    runtime: &Runtime,
    program: &Program,
    host: &HostFacts,
    task_id: &str,
) -> Result<BatonServiceHelloRequest, ServiceError> {
    let metadata = runtime.metadata().map_err(|status| ServiceError::Metadata(Box::new(status)))?;
    Ok(BatonServiceHelloRequest {
        task_id: task_id.to_owned(),
        build_info: Some(BuildInfo {
            lang_version: program.toolchain.clone(),
            package: program.package.clone(),
            package_version: program.version.clone(),
        }),
        os_info: Some(host.0.clone()),
        connector_metadata: Some(metadata),
        ..Default::default()
    })
}
