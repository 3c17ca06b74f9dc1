//! Running a script on a device (API.md 9.3), which only a person's token may do.

use axum::{
    extract::{Path, State as Extract},
    http::HeaderMap,
    response::Response,
};
use bytes::Bytes;
use serde_json::json;

use super::{
    body::Fields,
    caller::Caller,
    errors::{Refusal, answer},
    inventory::ActivityClass,
    params::path_id,
    state::Shared,
    users::JSON,
    views,
};

const RUN: [&str; 5] = ["type", "id", "uid", "parameters", "runAs"];
const RUN_AS: [&str; 6] = [
    "system",
    "loggedonuser",
    "SR_MAC_SCRIPT",
    "SR_LINUX_SCRIPT",
    "SR_LOCAL_ADMINISTRATOR",
    "SR_DOMAIN_ADMINISTRATOR",
];

pub(super) async fn list(Extract(state): Extract<Shared>, _caller: Caller) -> Response {
    answer(200, JSON, state.read(|tenant| views::list(&tenant.scripts)))
}

pub(super) async fn choices(
    Extract(state): Extract<Shared>,
    _caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let id = path_id(&id)?;
    state.read(|tenant| {
        if !tenant.devices.iter().any(|device| device.id == id) {
            return Err(Refusal::NotFound);
        }
        let scripts: Vec<_> = tenant
            .scripts
            .iter()
            .map(|script| {
                json!({"type": "SCRIPT", "id": script.id, "name": script.name, "language": script.language,
                       "categoryId": 1})
            })
            .collect();
        let choices = json!({
            "categories": [{"id": 1, "name": "Library", "internal": false}],
            "scripts": scripts,
            "credentials": {"roles": RUN_AS, "credentials": []},
        });
        Ok(answer(200, JSON, choices.to_string()))
    })
}

pub(super) async fn run(
    Extract(state): Extract<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let id = path_id(&id)?;
    if caller.user().is_none() {
        return Err(Refusal::UserContextRequired);
    }
    let fields = Fields::read(&state, &headers, &body, &RUN)?;
    let kind = fields.text("type")?;
    let (script, action) = (fields.number("id")?, fields.text("uid")?);
    fields.text("parameters")?;
    if let Some(run_as) = fields.text("runAs")?
        && !RUN_AS.contains(&run_as.as_str())
        && run_as.parse::<u32>().is_err()
    {
        return Err(Refusal::invalid("Invalid value for 'runAs'"));
    }
    let now = state.now();
    state.change(|tenant| {
        if !tenant.devices.iter().any(|device| device.id == id) {
            return Err(Refusal::NotFound);
        }
        let name = match (kind.as_deref(), script, action) {
            (Some("SCRIPT"), Some(script), None) => {
                let found = tenant.scripts.iter().find(|known| known.id == script);
                found.map(|script| script.name.clone()).ok_or(Refusal::NotFound)?
            }
            (Some("ACTION"), None, Some(uid)) => uid,
            _ => return Err(Refusal::invalid("SCRIPT needs 'id', ACTION needs 'uid'")),
        };
        let entry = tenant.note(now, ActivityClass::Device, "START_REQUESTED", "Automation queued");
        entry.user_id = caller.actor();
        entry.device_id = id.into();
        entry.subject = name.into();
        Ok(answer(200, JSON, json!({"activityId": entry.id}).to_string()))
    })
}
