//! Assets: an empty stream.

use tonic::{Request, Response, codegen::BoxStream};

use super::{Answer, Services};
use crate::wire::v2;

#[tonic::async_trait]
impl v2::asset_service_server::AssetService for Services {
    async fn get_asset(
        &self,
        request: Request<v2::AssetServiceGetAssetRequest>,
    ) -> Answer<BoxStream<v2::AssetServiceGetAssetResponse>> {
        self.runtime.asset(request.get_ref())?;
        Ok(Response::new(Box::pin(tokio_stream::empty())))
    }
}
