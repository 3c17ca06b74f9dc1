//! What an answer to a poll means: nothing to do, or tasks, each with its kind and lane.

use std::time::Duration;

use super::slots::Lane;
use crate::wire::api::{
    BatonServiceGetTaskResponse, BatonServiceGetTasksResponse, Task,
    task::TaskType::{self, *},
};

const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// An answer without a task and without a wait must not make us ask in a circle.
pub(super) const IDLE_WAIT: Duration = Duration::from_millis(100);

/// An answer to a poll.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) tasks: Vec<Work>,
    /// Before the next poll.
    pub(super) wait: Duration,
}

/// A task to carry out.
#[derive(Debug, Clone)]
pub(super) struct Work {
    pub(super) id: String,
    /// `None` for a kind that this program does not know: what nobody here can name decodes as no kind at all, whereas a task
    /// that means "nothing to do" names itself.
    pub(super) kind: Option<TaskType>,
    /// A log of its own is wished for.
    pub(super) debug: bool,
}

impl From<BatonServiceGetTaskResponse> for Answer {
    fn from(answer: BatonServiceGetTaskResponse) -> Self {
        Self::new(answer.task, answer.next_poll)
    }
}

impl From<BatonServiceGetTasksResponse> for Answer {
    fn from(answer: BatonServiceGetTasksResponse) -> Self {
        Self::new(answer.tasks, answer.next_poll)
    }
}

impl Answer {
    fn new(tasks: impl IntoIterator<Item = Task>, next_poll: Option<prost_types::Duration>) -> Self {
        let mut tasks: Vec<_> = tasks.into_iter().filter_map(Work::new).collect();
        // Of a batch, what a person may be waiting for goes first.
        tasks.sort_by_key(|work| work.lane() == Lane::Sync);
        let wait = next_poll.and_then(|d| Duration::try_from(d).ok()).unwrap_or_default().min(LONGEST_WAIT);
        let least = if tasks.is_empty() { IDLE_WAIT } else { Duration::ZERO };
        Self { tasks, wait: wait.max(least) }
    }
}

impl Work {
    fn new(task: Task) -> Option<Self> {
        let Task { id, task_type: kind, debug, .. } = task;
        if matches!(kind, Some(None(_))) || (id.is_empty() && kind.is_none()) {
            return Option::None;
        }
        if id.len() != 27 || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
            // Nothing can be reported under such an id.
            let kind = name(kind.as_ref());
            tracing::error!(?id, kind, "the control plane gave out a task without a proper id");
            return Option::None;
        }
        Some(Self { id, kind, debug })
    }

    /// Where it waits for its turn.
    pub(super) fn lane(&self) -> Lane {
        if matches!(self.kind, Some(SyncFull(_))) { Lane::Sync } else { Lane::Short }
    }

    /// Its kind, for the log.
    pub(super) fn name(&self) -> &'static str {
        name(self.kind.as_ref())
    }
}

fn name(kind: Option<&TaskType>) -> &'static str {
    match kind {
        Option::None => "unknown",
        Some(kind) => match kind {
            None(_) => "none",
            Hello(_) => "hello",
            SyncFull(_) => "sync_full",
            Grant(_) => "grant",
            Revoke(_) => "revoke",
            CreateAccount(_) => "create_account",
            CreateResource(_) => "create_resource",
            DeleteResource(_) => "delete_resource",
            RotateCredentials(_) => "rotate_credentials",
            EventFeed(_) => "event_feed",
            CreateTicketTask(_) => "create_ticket_task",
            ListTicketSchemas(_) => "list_ticket_schemas",
            GetTicket(_) => "get_ticket",
            BulkCreateTickets(_) => "bulk_create_tickets",
            BulkGetTickets(_) => "bulk_get_tickets",
            ActionListSchemas(_) => "action_list_schemas",
            ActionGetSchema(_) => "action_get_schema",
            ActionInvoke(_) => "action_invoke",
            ActionStatus(_) => "action_status",
            CreateSyncDiff(_) => "create_sync_diff",
            CompactSyncs(_) => "compact_syncs",
            ListEventFeeds(_) => "list_event_feeds",
            ListEvents(_) => "list_events",
            IssueCredential(_) => "issue_credential",
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failing unwrap is a failing test

    use prost::Message as _;

    use super::*;
    use crate::wire::api::task::{ActionListSchemasTask, NoneTask, SyncFullTask};

    fn task(id: &str, kind: Option<TaskType>) -> Task {
        Task { id: id.to_owned(), task_type: kind, ..Default::default() }
    }

    fn answer(tasks: Vec<Task>, seconds: i64) -> Answer {
        let next_poll = Some(prost_types::Duration { seconds, nanos: 0 });
        BatonServiceGetTasksResponse { tasks, next_poll, ..Default::default() }.into()
    }

    #[test]
    fn nothing_to_do_and_a_kind_that_nobody_here_knows_are_told_apart() {
        let id = "a".repeat(27);
        assert!(answer(vec![task(&id, Some(None(NoneTask::default())))], 1).tasks.is_empty());
        assert!(answer(vec![Task::default()], 1).tasks.is_empty());
        let unknown = answer(vec![task(&id, Option::None)], 1).tasks;
        assert_eq!((unknown.len(), unknown[0].name()), (1, "unknown"));
    }

    #[test]
    fn a_kind_of_a_later_contract_arrives_as_unknown() {
        let id = "a".repeat(27);
        let mut bytes = task(&id, Option::None).encode_to_vec();
        bytes.extend([0xba, 0x0c, 0x00]); // field 199, an empty message
        let tasks = answer(vec![Task::decode(bytes.as_slice()).unwrap()], 1).tasks;
        assert_eq!((tasks[0].id.as_str(), tasks[0].name()), (id.as_str(), "unknown"));
    }

    #[test]
    fn a_task_under_an_id_that_nothing_can_be_reported_under_is_left() {
        for id in ["", "short", &"ä".repeat(27), &"a".repeat(28)] {
            let kind = Some(ActionListSchemas(ActionListSchemasTask::default()));
            assert!(answer(vec![task(id, kind)], 1).tasks.is_empty(), "{id}");
        }
    }

    #[test]
    fn of_a_batch_syncs_come_last() {
        let sync = Some(SyncFull(SyncFullTask::default()));
        let list = Some(ActionListSchemas(ActionListSchemasTask::default()));
        let tasks = vec![task(&"a".repeat(27), sync), task(&"b".repeat(27), list)];
        let names: Vec<_> = answer(tasks, 1).tasks.iter().map(Work::name).collect();
        assert_eq!(names, ["action_list_schemas", "sync_full"]);
    }

    #[test]
    fn the_wait_is_the_told_one_within_bounds() {
        assert_eq!(answer(vec![], 7).wait, Duration::from_secs(7));
        assert_eq!(answer(vec![], 4000).wait, LONGEST_WAIT);
        assert_eq!(answer(vec![], -1).wait, IDLE_WAIT);
        assert_eq!(answer(vec![task(&"a".repeat(27), Option::None)], 0).wait, Duration::ZERO);
    }
}
