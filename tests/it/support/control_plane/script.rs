//! What the control plane has to give out, what goes wrong on the way, and what it has seen.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use baton_ninja_one::wire::api::{self, Task};
use tokio::time::Instant;
use tonic::Code;

/// A call that came.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: &'static str,
    pub at: Instant,
    pub task_id: String,
    /// How it was answered; `None` while it is not.
    pub code: Option<Code>,
}

/// The next calls of a method that go wrong.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This code instead of an answer.
    Code(Code),
    /// No answer at all.
    Silence,
    /// Carried out, but the answer is this code.
    Lost(Code),
    /// An upload that is refused once so many bytes have come.
    CutAfter(usize),
}

/// One complete upload.
#[derive(Debug, Clone)]
pub struct Upload {
    pub task_id: String,
    pub data: Vec<u8>,
    pub pieces: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Queued,
    Offered,
    Done,
}

pub(super) struct Offer {
    pub(super) task: Task,
    pub(super) stage: Stage,
    /// Cancelled at this heartbeat, counted from 1.
    pub(super) cancel_at: usize,
    pub(super) heartbeats: usize,
    /// How often it is given out while it is under way.
    pub(super) repeats: usize,
    /// The answer to its end got lost, so that it may be told once more.
    pub(super) lost: bool,
    pub(super) finish: Option<api::BatonServiceFinishTaskRequest>,
}

pub(super) struct Script {
    pub(super) host_id: String,
    pub(super) offers: Vec<Offer>,
    pub(super) calls: Vec<Call>,
    pub(super) faults: Vec<(&'static str, usize, Fault)>,
    pub(super) uploads: Vec<Upload>,
    pub(super) tokens: HashMap<String, Instant>,
    /// Tokens that were given out, and the assertions that they were given out for.
    pub(super) credentials: Vec<String>,
    /// How often a connection was prepared.
    pub(super) dials: usize,
    pub(super) token_requests: usize,
    pub(super) nonces: HashSet<String>,
    pub(super) public_key: String,
    pub(super) greeted: bool,
    pub(super) hello: Option<api::BatonServiceHelloRequest>,
    pub(super) known: Vec<Vec<String>>,
    pub(super) violations: Vec<String>,
    pub(super) next_poll: Duration,
    pub(super) next_heartbeat: Duration,
    pub(super) token_lifetime: Duration,
}

impl Script {
    pub(super) fn offer(&mut self, id: &str) -> Option<&mut Offer> {
        self.offers.iter_mut().find(|o| o.task.id == id)
    }

    pub(super) fn fault(&mut self, method: &str) -> Option<Fault> {
        let (_, times, fault) =
            self.faults.iter_mut().find(|(m, times, _)| *times > 0 && (*m == method || *m == "*"))?;
        *times -= 1;
        Some(fault.clone())
    }
}
