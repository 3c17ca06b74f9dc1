//! The service itself: each call is noted, held against the rules, and answered from the script.

use std::{
    collections::HashSet,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use baton_ninja_one::{
    baton::ksuid::ksuid,
    wire::{
        Validate,
        api::{
            self, Task, baton_service_finish_task_request::FinalState, baton_service_server::BatonService,
            baton_service_upload_asset_request::Msg, task::TaskType,
        },
    },
};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;
use tonic::{Code, Request, Response, Status, Streaming};

use super::{
    Call, ControlPlane, Fault, Upload,
    script::{Offer, Stage},
};

impl ControlPlane {
    /// Notes the call, and refuses it when token, rules or a fault say so.
    async fn begin<M: Validate>(
        &self,
        method: &'static str,
        metadata: &tonic::metadata::MetadataMap,
        message: Option<&M>,
        task_id: &str,
        host_id: &str,
    ) -> Result<(usize, Option<Fault>), Status> {
        let (number, fault) = self.with(|s| {
            s.calls.push(Call { method, at: Instant::now(), task_id: task_id.to_owned(), code: None });
            (s.calls.len() - 1, s.fault(method))
        });
        let token = metadata.get("authorization").and_then(|v| v.to_str().ok()).unwrap_or_default();
        let known = self.with(|s| {
            let token = token.strip_prefix("Bearer ").unwrap_or_default();
            let Some(end) = s.tokens.get(token) else { return false };
            if *end < Instant::now() {
                s.violations.push(format!("{method} with a token that has expired"));
            }
            true
        });
        if !known {
            return Err(self.end(number, Status::unauthenticated("unknown token")));
        }
        match &fault {
            Some(Fault::Code(code)) => {
                return Err(self.end(number, Status::new(*code, "a fault of the control plane")));
            }
            Some(Fault::Silence) => std::future::pending().await,
            Some(Fault::Lost(_) | Fault::CutAfter(_)) | None => {}
        }
        if let Some(Err(violation)) = message.map(Validate::validate) {
            return Err(self.object(number, violation.to_string()));
        }
        if message.is_some() && self.look(|s| s.host_id != host_id) {
            return Err(self.object(number, format!("{method} by the host {host_id:?}")));
        }
        if method != "Hello" && !self.look(|s| s.greeted) {
            return Err(self.object(number, format!("{method} before an accepted Hello")));
        }
        Ok((number, fault))
    }

    /// An answer that was refused for a reason that must not occur.
    fn object(&self, number: usize, why: String) -> Status {
        self.with(|s| s.violations.push(why.clone()));
        self.end(number, Status::invalid_argument(why))
    }

    fn end(&self, number: usize, status: Status) -> Status {
        self.with(|s| s.calls[number].code = Some(status.code()));
        status
    }

    fn answer<M>(&self, number: usize, fault: Option<Fault>, message: M) -> Result<Response<M>, Status> {
        if let Some(Fault::Lost(code)) = fault {
            return Err(self.end(number, Status::new(code, "the answer was lost")));
        }
        self.with(|s| s.calls[number].code = Some(Code::Ok));
        Ok(Response::new(message))
    }

    fn give_out(&self, most: usize) -> Vec<Task> {
        self.with(|s| {
            let due =
                |o: &&mut Offer| o.stage == Stage::Queued || (o.stage == Stage::Offered && o.repeats > 0);
            let queued = s.offers.iter_mut().filter(due).take(most);
            queued
                .map(|offer| {
                    if offer.stage == Stage::Offered {
                        offer.repeats -= 1;
                    }
                    offer.stage = Stage::Offered;
                    offer.task.clone()
                })
                .collect()
        })
    }
}

fn wire(duration: Duration) -> Option<prost_types::Duration> {
    prost_types::Duration::try_from(duration).ok()
}

#[async_trait]
impl BatonService for ControlPlane {
    async fn hello(
        &self,
        request: Request<api::BatonServiceHelloRequest>,
    ) -> Result<Response<api::BatonServiceHelloResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        let (id, host) = (message.task_id.clone(), message.host_id.clone());
        let (number, fault) = self.begin("Hello", &metadata, Some(&message), &id, &host).await?;
        let unknown = self.with(|s| {
            s.greeted = true;
            s.hello = Some(message);
            match s.offer(&id) {
                Some(offer) if matches!(offer.task.task_type, Some(TaskType::Hello(_))) => {
                    offer.stage = Stage::Done;
                    false
                }
                _ => !id.is_empty(),
            }
        });
        if unknown {
            return Err(self.object(number, format!("a Hello for {id}, which is no hello task")));
        }
        self.answer(number, fault, api::BatonServiceHelloResponse::default())
    }

    async fn get_task(
        &self,
        request: Request<api::BatonServiceGetTaskRequest>,
    ) -> Result<Response<api::BatonServiceGetTaskResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        let (number, fault) = self.begin("GetTask", &metadata, Some(&message), "", &message.host_id).await?;
        let none = || Task {
            id: ksuid(SystemTime::now()),
            task_type: Some(TaskType::None(api::task::NoneTask::default())),
            ..Task::default()
        };
        let task = Some(self.give_out(1).pop().unwrap_or_else(none));
        let (next_poll, next_heartbeat) = self.look(|s| (wire(s.next_poll), wire(s.next_heartbeat)));
        let answer =
            api::BatonServiceGetTaskResponse { task, next_poll, next_heartbeat, ..Default::default() };
        self.answer(number, fault, answer)
    }

    async fn get_tasks(
        &self,
        request: Request<api::BatonServiceGetTasksRequest>,
    ) -> Result<Response<api::BatonServiceGetTasksResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        let (number, fault) = self.begin("GetTasks", &metadata, Some(&message), "", &message.host_id).await?;
        let tasks = self.give_out(message.page_size as usize);
        self.with(|s| {
            let ids: HashSet<_> = s.offers.iter().map(|o| o.task.id.clone()).collect();
            for id in message.known_task_ids.iter().filter(|id| !ids.contains(*id)) {
                s.violations.push(format!("{id} is said to be known and was never given out"));
            }
            s.known.push(message.known_task_ids);
        });
        let (next_poll, next_heartbeat) = self.look(|s| (wire(s.next_poll), wire(s.next_heartbeat)));
        let answer =
            api::BatonServiceGetTasksResponse { tasks, next_poll, next_heartbeat, ..Default::default() };
        self.answer(number, fault, answer)
    }

    async fn heartbeat(
        &self,
        request: Request<api::BatonServiceHeartbeatRequest>,
    ) -> Result<Response<api::BatonServiceHeartbeatResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        let id = message.task_id.clone();
        let (number, fault) =
            self.begin("Heartbeat", &metadata, Some(&message), &id, &message.host_id).await?;
        let cancelled = self.with(|s| match s.offer(&id) {
            Some(offer) if offer.stage == Stage::Offered => {
                offer.heartbeats += 1;
                Some(offer.cancel_at > 0 && offer.heartbeats >= offer.cancel_at)
            }
            _ => None,
        });
        let Some(cancelled) = cancelled else {
            return Err(self.object(number, format!("a heartbeat for {id}, which is not given out")));
        };
        let next_heartbeat = self.look(|s| wire(s.next_heartbeat));
        let answer = api::BatonServiceHeartbeatResponse { next_heartbeat, cancelled, ..Default::default() };
        self.answer(number, fault, answer)
    }

    async fn upload_asset(
        &self,
        request: Request<Streaming<api::BatonServiceUploadAssetRequest>>,
    ) -> Result<Response<api::BatonServiceUploadAssetResponse>, Status> {
        let (metadata, _, mut parts) = request.into_parts();
        let begun = self.begin::<api::BatonServiceUploadAssetRequest>("UploadAsset", &metadata, None, "", "");
        let (number, fault) = begun.await?;
        let mut upload = Upload { task_id: String::new(), data: Vec::new(), pieces: Vec::new() };
        let mut checksum = None;
        // A client that breaks off is no violation: a retry follows, or the task was cancelled.
        while let Some(part) = parts.message().await? {
            if let Err(violation) = part.validate() {
                return Err(self.object(number, violation.to_string()));
            }
            match part.msg {
                Some(Msg::Metadata(about)) if upload.task_id.is_empty() && upload.pieces.is_empty() => {
                    let running = self.with(|s| {
                        s.calls[number].task_id.clone_from(&about.task_id);
                        s.offer(&about.task_id).is_some_and(|o| {
                            o.stage == Stage::Offered
                                && matches!(o.task.task_type, Some(TaskType::SyncFull(_)))
                        })
                    });
                    if !running || self.look(|s| s.host_id != about.host_id) {
                        return Err(
                            self.object(number, "an upload for a task that is no running sync".into())
                        );
                    }
                    upload.task_id = about.task_id;
                }
                Some(Msg::Data(piece)) if checksum.is_none() && !upload.task_id.is_empty() => {
                    upload.pieces.push(piece.data.len());
                    upload.data.extend(piece.data);
                    if matches!(fault, Some(Fault::CutAfter(bytes)) if upload.data.len() >= bytes) {
                        return Err(self.end(number, Status::unavailable("cut")));
                    }
                }
                Some(Msg::Eof(eof)) if checksum.is_none() => checksum = Some(eof.sha256_checksum),
                other => return Err(self.object(number, format!("a part out of order: {other:?}"))),
            }
        }
        let Some(checksum) = checksum else {
            return Err(self.end(number, Status::invalid_argument("no end")));
        };
        if checksum != Sha256::digest(&upload.data).as_slice() {
            return Err(self.object(number, "the checksum is another".into()));
        }
        self.with(|s| s.uploads.push(upload));
        self.answer(number, fault, api::BatonServiceUploadAssetResponse::default())
    }

    async fn finish_task(
        &self,
        request: Request<api::BatonServiceFinishTaskRequest>,
    ) -> Result<Response<api::BatonServiceFinishTaskResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        let id = message.task_id.clone();
        let (number, fault) =
            self.begin("FinishTask", &metadata, Some(&message), &id, &message.host_id).await?;
        let lost = matches!(fault, Some(Fault::Lost(_)));
        let wrong = self.with(|s| {
            let uploaded = s.uploads.iter().any(|u| u.task_id == id);
            let Some(offer) = s.offer(&id) else { return Some("it was never given out") };
            let code = message.status.as_ref().map_or(0, |status| status.code);
            // Told again because the answer was lost.
            if offer.finish.as_ref() == Some(&message) && offer.lost {
                return None;
            }
            let wrong = match &message.final_state {
                Some(FinalState::Success(_)) if code != 0 => Some("a success has a status"),
                Some(FinalState::Success(_))
                    if matches!(offer.task.task_type, Some(TaskType::SyncFull(_))) && !uploaded =>
                {
                    Some("a sync without an upload is no success")
                }
                Some(FinalState::Error(error)) if code == 0 || error.response.is_some() => {
                    Some("an error has a code and no response")
                }
                _ if offer.stage != Stage::Offered => Some("it is not given out, or finished already"),
                _ if matches!(offer.task.task_type, Some(TaskType::Hello(_))) => {
                    Some("a hello task has no end")
                }
                _ => None,
            };
            if wrong.is_none() {
                offer.stage = Stage::Done;
                offer.lost = lost;
                offer.finish = Some(message);
            }
            wrong
        });
        match wrong {
            Some(wrong) => Err(self.object(number, format!("FinishTask for {id}: {wrong}"))),
            None => self.answer(number, fault, api::BatonServiceFinishTaskResponse::default()),
        }
    }
}
