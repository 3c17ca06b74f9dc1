//! The activity log, newest first (API.md 10).

use axum::{extract::State as Extract, response::Response};
use serde::Serialize;

use super::{
    caller::Caller,
    errors::{Refusal, answer},
    inventory::{Activity, ActivityClass},
    params::Params,
    state::Shared,
    users::JSON,
    views,
};

const SIZES: std::ops::RangeInclusive<usize> = 10..=1000;
const DEFAULT_SIZE: usize = 200;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    last_activity_id: Option<i64>,
    activities: Vec<&'a Activity>,
}

pub(super) async fn list(
    Extract(state): Extract<Shared>,
    _caller: Caller,
    params: Params,
) -> Result<Response, Refusal> {
    let size = params.number::<usize>("pageSize")?.unwrap_or(DEFAULT_SIZE);
    if !SIZES.contains(&size) {
        return Err(Refusal::invalid("'pageSize' must be between 10 and 1000"));
    }
    let class = match params.text("class") {
        None | Some("ALL") => None,
        Some("SYSTEM") => Some(ActivityClass::System),
        Some("DEVICE") => Some(ActivityClass::Device),
        Some("USER") => Some(ActivityClass::User),
        Some(_) => return Err(Refusal::invalid("Invalid value for 'class'")),
    };
    let older = params.number::<i64>("olderThan")?;
    let newer = params.number::<i64>("newerThan")?;
    let (kind, status) = (params.text("type"), params.text("status"));
    state.read(|tenant| {
        let activities = tenant
            .activities
            .iter()
            .rev()
            .filter(|entry| older.is_none_or(|id| entry.id < id) && newer.is_none_or(|id| entry.id > id))
            .filter(|entry| class.is_none_or(|class| entry.class == class))
            .filter(|entry| kind.is_none_or(|kind| entry.activity_type == kind))
            .filter(|entry| status.is_none_or(|status| status.split(',').any(|one| one == entry.status_code)))
            .take(size)
            .collect();
        let last_activity_id = tenant.activities.last().map(|entry| entry.id);
        Ok(answer(200, JSON, views::one(&Page { last_activity_id, activities })))
    })
}
