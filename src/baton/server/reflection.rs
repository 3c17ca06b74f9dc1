//! Server reflection, v1 and v1alpha, for the services that are served.
//!
//! The library ends the whole stream when it is asked for something unknown. The protocol wants an error in that one answer,
//! so that a client can go on asking: each question is put to the library on a stream of its own.

use futures::stream::BoxStream;
use tokio_stream::StreamExt as _;
use tonic::{Request, Response, Status, Streaming};
use tonic_reflection::server::{Builder, Error};

use crate::wire::DESCRIPTORS;

macro_rules! version {
    ($module:ident, $build:ident) => {
        pub(super) mod $module {
            use tonic_reflection::pb::$module::{
                ErrorResponse, ServerReflectionRequest, ServerReflectionResponse,
                server_reflection_client::ServerReflectionClient,
                server_reflection_response::MessageResponse,
                server_reflection_server::{ServerReflection, ServerReflectionServer},
            };

            use super::*;

            /// The service for the named services.
            pub(in super::super) fn server(
                names: &[&'static str],
            ) -> Result<ServerReflectionServer<impl ServerReflection>, Error> {
                let library =
                    ServerReflectionServer::from_arc(std::sync::Arc::new(Each { names: names.into() }));
                // Built once here, so that a fault in the descriptors shows at the start and not at the first question.
                builder(names).$build()?;
                Ok(library)
            }

            struct Each {
                names: Box<[&'static str]>,
            }

            #[tonic::async_trait]
            impl ServerReflection for Each {
                type ServerReflectionInfoStream =
                    BoxStream<'static, Result<ServerReflectionResponse, Status>>;

                async fn server_reflection_info(
                    &self,
                    request: Request<Streaming<ServerReflectionRequest>>,
                ) -> Result<Response<Self::ServerReflectionInfoStream>, Status> {
                    let library =
                        builder(&self.names).$build().map_err(|e| Status::internal(e.to_string()))?;
                    let client = ServerReflectionClient::new(library);
                    let answers = request.into_inner().then(move |question| {
                        let client = client.clone();
                        async move { answer(client, question?).await }
                    });
                    Ok(Response::new(Box::pin(answers)))
                }
            }

            async fn answer<T>(
                mut client: ServerReflectionClient<T>,
                question: ServerReflectionRequest,
            ) -> Result<ServerReflectionResponse, Status>
            where
                T: tonic::client::GrpcService<tonic::body::Body>,
                T::Error: Into<tonic::codegen::StdError>,
                T::ResponseBody: tonic::codegen::Body<Data = bytes::Bytes> + Send + 'static,
                <T::ResponseBody as tonic::codegen::Body>::Error: Into<tonic::codegen::StdError> + Send,
            {
                let stream = tokio_stream::once(question.clone());
                let told = match client.server_reflection_info(stream).await {
                    Ok(answers) => answers.into_inner().next().await,
                    Err(status) => Some(Err(status)),
                };
                match told {
                    Some(Ok(response)) => Ok(response),
                    Some(Err(status)) => Ok(ServerReflectionResponse {
                        valid_host: question.host.clone(),
                        original_request: Some(question),
                        message_response: Some(MessageResponse::ErrorResponse(ErrorResponse {
                            error_code: status.code().into(),
                            error_message: status.message().to_owned(),
                        })),
                    }),
                    None => Err(Status::internal("no answer")),
                }
            }
        }
    };
}

version!(v1, build_v1);
version!(v1alpha, build_v1alpha);

fn builder(names: &[&'static str]) -> Builder<'static> {
    let builder = Builder::configure().register_encoded_file_descriptor_set(DESCRIPTORS);
    names.iter().fold(builder, |builder, name| builder.with_service_name(*name))
}
