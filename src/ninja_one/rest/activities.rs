//! Activities, newest first (section 10). Walking the feed is left to the caller.

use super::client::Client;
use super::endpoint::Endpoint;
use super::error::Error;
use super::list;
use super::model::{ActivityId, ActivityPage};

/// Which activities, by what they are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivityClass {
    /// About the tenant.
    System,
    /// About devices.
    Device,
    /// About users.
    User,
    /// All.
    All,
}

/// What to ask for. The names mean what they say: `older_than` walks towards the past.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ActivityQuery {
    /// Only ids below this one.
    pub older_than: Option<ActivityId>,
    /// Only ids above this one.
    pub newer_than: Option<ActivityId>,
    /// Entries per page, brought into 10 to 1000; NinjaOne's default is 200.
    pub page_size: Option<u32>,
    /// Default: all.
    pub class: Option<ActivityClass>,
    /// An activity type.
    pub activity_type: Option<String>,
    /// A status code.
    pub status: Option<String>,
}

impl Client {
    /// One page of activities.
    ///
    /// # Errors
    /// As any call; [`Decode`](super::ErrorKind::Decode) for a page without the key `activities`.
    pub async fn activities(&self, query: &ActivityQuery) -> Result<ActivityPage, Error> {
        let mut request = self.request(Endpoint::Activities, "/v2/activities");
        let class = query.class.map(|class| match class {
            ActivityClass::System => "SYSTEM",
            ActivityClass::Device => "DEVICE",
            ActivityClass::User => "USER",
            ActivityClass::All => "ALL",
        });
        let pairs = [
            ("class", class.map(str::to_owned)),
            ("olderThan", query.older_than.map(|id| id.to_string())),
            ("newerThan", query.newer_than.map(|id| id.to_string())),
            ("type", query.activity_type.clone()),
            ("status", query.status.clone()),
            ("pageSize", query.page_size.map(|size| size.clamp(10, 1000).to_string())),
        ];
        request.query.extend(pairs.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))));
        self.read(request, |bytes| list::element(bytes)).await
    }
}

#[cfg(test)]
mod tests {
    // A test may panic: that is how it fails.
    #![allow(clippy::unwrap_used)]

    use super::super::testing::{FakeNinja, Reply};
    use super::*;

    #[tokio::test]
    async fn a_page_is_asked_for_by_name_and_knows_its_borders() {
        let body = r#"{"lastActivityId":99,"activities":[{"id":5000000000,"statusCode":"NEW_CODE","activityTime":1759010000.5,
            "data":{"x":1}},{"id":90,"userId":11,"message":null}]}"#;
        let ninja = FakeNinja::start().await.on("GET /v2/activities", [Reply::ok(body)]);
        let query = ActivityQuery {
            older_than: Some(ActivityId(100)),
            page_size: Some(5),
            class: Some(ActivityClass::User),
            ..ActivityQuery::default()
        };
        let page = ninja.client().activities(&query).await.unwrap();
        let borders = (page.smallest_id(), page.largest_id(), page.last_activity_id);
        assert_eq!(borders, (Some(ActivityId(90)), Some(ActivityId(5_000_000_000)), Some(ActivityId(99))));
        assert_eq!(page.activities[0].status_code.as_deref(), Some("NEW_CODE"));
        assert_eq!(ninja.lines(), ["GET /v2/activities?class=USER&olderThan=100&pageSize=10"]);
    }

    #[tokio::test]
    async fn a_page_without_activities_is_an_error_not_a_quiet_tenant() {
        let ninja = FakeNinja::start().await.on("GET /v2/activities", [Reply::ok(r#"{"lastActivityId":9}"#)]);
        let error = ninja.client().activities(&ActivityQuery::default()).await.unwrap_err();
        assert_eq!(error.kind().label(), "decode");
    }
}
