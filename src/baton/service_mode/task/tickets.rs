//! Tickets: the runtime refuses them; here they are only put into its words.

use tonic::Status;

use super::{Outcome, retryable};
use crate::{
    baton::runtime::Runtime,
    wire::{Validate, api::task, v2},
};

pub(super) fn create(runtime: &Runtime, task: task::CreateTicketTask) -> Outcome {
    match create_request(task) {
        Some(request) => retryable(runtime.tickets::<_, v2::TicketsServiceCreateTicketResponse>(&request)),
        None => Outcome::malformed("malformed create ticket task"),
    }
}

pub(super) fn schemas(runtime: &Runtime, task: task::ListTicketSchemasTask) -> Outcome {
    let request =
        v2::TicketsServiceListTicketSchemasRequest { annotations: task.annotations, ..Default::default() };
    retryable(runtime.tickets::<_, v2::TicketsServiceListTicketSchemasResponse>(&request))
}

pub(super) fn get(runtime: &Runtime, task: task::GetTicketTask) -> Outcome {
    match get_request(task) {
        Some(request) => retryable(runtime.tickets::<_, v2::TicketsServiceGetTicketResponse>(&request)),
        None => Outcome::malformed("malformed get ticket task"),
    }
}

pub(super) fn bulk_create(runtime: &Runtime, task: task::BulkCreateTicketsTask) -> Outcome {
    let requests: Option<Vec<_>> = task.ticket_requests.into_iter().map(create_request).collect();
    match requests.filter(|requests| !requests.is_empty()) {
        Some(ticket_requests) => {
            bulk(runtime, &v2::TicketsServiceBulkCreateTicketsRequest { ticket_requests })
        }
        None => Outcome::malformed("malformed bulk create ticket task"),
    }
}

pub(super) fn bulk_get(runtime: &Runtime, task: task::BulkGetTicketsTask) -> Outcome {
    let requests: Option<Vec<_>> = task.ticket_requests.into_iter().map(get_request).collect();
    match requests.filter(|requests| !requests.is_empty()) {
        Some(ticket_requests) => bulk(runtime, &v2::TicketsServiceBulkGetTicketsRequest { ticket_requests }),
        None => Outcome::malformed("malformed bulk get tickets task"),
    }
}

fn bulk<M: Validate>(runtime: &Runtime, request: &M) -> Outcome {
    let refused: Result<(), Status> = runtime.tickets(request);
    refused.map_or_else(Outcome::failed, |()| Outcome::empty())
}

fn create_request(task: task::CreateTicketTask) -> Option<v2::TicketsServiceCreateTicketRequest> {
    let task::CreateTicketTask { ticket_request, ticket_schema, annotations } = task;
    let (request, schema) = (Some(ticket_request?), Some(ticket_schema?));
    Some(v2::TicketsServiceCreateTicketRequest { request, schema, annotations })
}

fn get_request(task: task::GetTicketTask) -> Option<v2::TicketsServiceGetTicketRequest> {
    let task::GetTicketTask { ticket_id: id, annotations } = task;
    (!id.is_empty()).then_some(v2::TicketsServiceGetTicketRequest { id, annotations })
}
