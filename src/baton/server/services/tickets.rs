//! Tickets: refused, each in the documented words.

use tonic::{Request, Response};

use super::{Answer, Services};
use crate::wire::v2;

#[tonic::async_trait]
impl v2::tickets_service_server::TicketsService for Services {
    async fn bulk_create_tickets(
        &self,
        request: Request<v2::TicketsServiceBulkCreateTicketsRequest>,
    ) -> Answer<v2::TicketsServiceBulkCreateTicketsResponse> {
        self.runtime.tickets(request.get_ref()).map(Response::new)
    }

    async fn bulk_get_tickets(
        &self,
        request: Request<v2::TicketsServiceBulkGetTicketsRequest>,
    ) -> Answer<v2::TicketsServiceBulkGetTicketsResponse> {
        self.runtime.tickets(request.get_ref()).map(Response::new)
    }

    async fn create_ticket(
        &self,
        request: Request<v2::TicketsServiceCreateTicketRequest>,
    ) -> Answer<v2::TicketsServiceCreateTicketResponse> {
        self.runtime.tickets(request.get_ref()).map(Response::new)
    }

    async fn get_ticket(
        &self,
        request: Request<v2::TicketsServiceGetTicketRequest>,
    ) -> Answer<v2::TicketsServiceGetTicketResponse> {
        self.runtime.tickets(request.get_ref()).map(Response::new)
    }

    async fn list_ticket_schemas(
        &self,
        request: Request<v2::TicketsServiceListTicketSchemasRequest>,
    ) -> Answer<v2::TicketsServiceListTicketSchemasResponse> {
        self.runtime.tickets(request.get_ref()).map(Response::new)
    }

    async fn get_ticket_schema(
        &self,
        request: Request<v2::TicketsServiceGetTicketSchemaRequest>,
    ) -> Answer<v2::TicketsServiceGetTicketSchemaResponse> {
        self.runtime.tickets(request.get_ref()).map(Response::new)
    }
}
