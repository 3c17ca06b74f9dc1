//! How a task ended, in the form in which the control plane is told.

use prost::{Message as _, Name};
use prost_types::Any;
use tonic::{Code, Status};

use crate::wire::{api::baton_service_finish_task_request as finish, google::rpc, pack};

/// What is appended to the message of an error that is final.
const FINAL: &str = "\ntask failed and is non-retryable";
/// The contract's bound on annotations.
const MOST_ANNOTATIONS: usize = 16;

/// How a task ended.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// Done.
    Success {
        /// The response of the call that did it, if it has one.
        response: Option<Any>,
        /// Its markers.
        annotations: Vec<Any>,
    },
    /// Not done.
    Failure(Failure),
}

/// Why a task was not done.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    /// What went wrong; [`Code::Unknown`] for what no call said.
    status: Status,
    /// The status is that of a call, rather than our own words.
    called: bool,
    /// Trying again is of no use.
    last: bool,
}

impl Outcome {
    /// Done, with the response and its annotations.
    pub(super) fn done<M: prost::Message + Name>(response: &M, annotations: &[Any]) -> Self {
        let annotations = annotations.iter().take(MOST_ANNOTATIONS).cloned().collect();
        Self::Success { response: Some(pack(response)), annotations }
    }

    /// Done, with nothing to say.
    pub(super) fn empty() -> Self {
        Self::Success { response: None, annotations: Vec::new() }
    }

    /// Refused by us; the same task may come again.
    pub(super) fn refused(text: impl Into<String>) -> Self {
        Self::Failure(Failure { status: Status::unknown(text), called: false, last: false })
    }

    /// Refused by us for good.
    pub(super) fn malformed(text: impl Into<String>) -> Self {
        Self::Failure(Failure { status: Status::unknown(text), called: false, last: true })
    }

    /// A call failed; the same task may come again.
    pub(super) fn failed(status: Status) -> Self {
        Self::Failure(Failure { status, called: true, last: false })
    }

    /// A call failed, and the same task must not come again.
    pub(super) fn failed_for_good(status: Status) -> Self {
        Self::Failure(Failure { status, called: true, last: true })
    }

    /// The code of a failure.
    pub(super) fn code(&self) -> Option<Code> {
        match self {
            Self::Success { .. } => None,
            Self::Failure(failure) => Some(failure.status.code()),
        }
    }

    /// What went wrong.
    pub(super) fn message(&self) -> &str {
        match self {
            Self::Success { .. } => "",
            Self::Failure(failure) => failure.status.message(),
        }
    }

    /// The two halves of a `FinishTask`.
    pub(super) fn into_parts(self) -> (Option<rpc::Status>, finish::FinalState) {
        match self {
            Self::Success { response, annotations } => {
                (None, finish::FinalState::Success(finish::Success { annotations, response }))
            }
            Self::Failure(failure) => {
                let error = finish::Error { non_retryable: failure.last, ..Default::default() };
                (Some(failure.into_status()), finish::FinalState::Error(error))
            }
        }
    }
}

impl Failure {
    fn into_status(self) -> rpc::Status {
        let code = self.status.code();
        let message = match (self.last, self.called) {
            (false, _) => self.status.message().to_owned(),
            (true, false) => format!("{}{FINAL}", self.status.message()),
            // Here the reference renders the call's status as text; consoles show these words.
            (true, true) => {
                let name = match code {
                    Code::Cancelled => "Canceled".to_owned(), // as gRPC for Go spells it
                    code => format!("{code:?}"),
                };
                format!("rpc error: code = {name} desc = {}{FINAL}", self.status.message())
            }
        };
        let details = rpc::Status::decode(self.status.details()).map(|s| s.details).unwrap_or_default();
        rpc::Status { code: code.into(), message, details }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failing unwrap is a failing test

    use super::*;
    use crate::{baton::connector::ConnectorError, wire::unpack};

    fn told(outcome: Outcome) -> (i32, String, bool) {
        match outcome.into_parts() {
            (Some(status), finish::FinalState::Error(error)) => {
                (status.code, status.message, error.non_retryable)
            }
            other => panic!("not an error: {other:?}"),
        }
    }

    #[test]
    fn a_final_error_is_decorated_as_the_reference_does_it() {
        let unimplemented =
            Status::unimplemented("resource type user does not have resource Delete() configured");
        let text = "rpc error: code = Unimplemented desc = resource type user does not have resource Delete() configured\ntask failed and is non-retryable";
        assert_eq!(told(Outcome::failed_for_good(unimplemented)), (12, text.into(), true));
        let text = "malformed grant task\ntask failed and is non-retryable";
        assert_eq!(told(Outcome::malformed("malformed grant task")), (2, text.into(), true));
    }

    #[test]
    fn an_error_that_may_pass_goes_as_it_is() {
        assert_eq!(
            told(Outcome::refused("unsupported task type")),
            (2, "unsupported task type".into(), false)
        );
        let missing = Status::not_found("handler for action nope not found");
        assert_eq!(told(Outcome::failed(missing)), (5, "handler for action nope not found".into(), false));
    }

    #[test]
    fn the_details_of_a_status_are_kept() {
        let error = ConnectorError::new(Code::FailedPrecondition, "no").reason("example.org", "NOT_NOW");
        let status = error.to_status(std::time::SystemTime::UNIX_EPOCH);
        let (status, _) = Outcome::failed_for_good(status).into_parts();
        let info = unpack::<rpc::ErrorInfo>(&status.unwrap().details[0]).unwrap();
        assert_eq!((info.reason.as_str(), info.domain.as_str()), ("NOT_NOW", "example.org"));
    }
}
