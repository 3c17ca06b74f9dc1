//! The validation rules, in the words that clients of the reference know.

use baton_ninja_one::wire::{Validate, api, c1::config::v1 as config, v2};

fn text(outcome: Result<(), impl ToString>) -> String {
    outcome.map_err(|e| e.to_string()).err().unwrap_or_default()
}

fn resource(resource_type: &str, id: &str) -> v2::Resource {
    let id =
        v2::ResourceId { resource_type: resource_type.into(), resource: id.into(), ..Default::default() };
    v2::Resource { id: Some(id), ..Default::default() }
}

#[test]
fn a_broken_rule_is_told_in_the_documented_words() {
    let list = |resource_type_id: &str, page_size| v2::ResourcesServiceListResourcesRequest {
        resource_type_id: resource_type_id.into(),
        page_size,
        ..Default::default()
    };
    let length = "invalid ResourcesServiceListResourcesRequest.ResourceTypeId: value length must be between 1 and 1024 bytes, inclusive";
    assert_eq!(text(list("", 0).validate()), length);
    assert_eq!(text(list(&"x".repeat(1025), 0).validate()), length);
    let size =
        "invalid ResourcesServiceListResourcesRequest.PageSize: value must be less than or equal to 250";
    assert_eq!(text(list("user", 251).validate()), size);
    assert_eq!(text(list("user", 250).validate()), "");
    let required = "invalid GrantsServiceListGrantsRequest.Resource: value is required";
    assert_eq!(text(v2::GrantsServiceListGrantsRequest::default().validate()), required);
}

#[test]
fn a_violation_inside_an_embedded_message_names_both() {
    let request = v2::GrantsServiceListGrantsRequest {
        resource: Some(resource(&"x".repeat(1025), "1")),
        ..Default::default()
    };
    let told = text(request.validate());
    let outer = "invalid GrantsServiceListGrantsRequest.Resource: embedded message failed validation | caused by: invalid Resource.Id";
    assert!(told.starts_with(outer), "{told}");
    assert!(
        told.ends_with(
            "invalid ResourceId.ResourceType: value length must be between 1 and 1024 bytes, inclusive"
        ),
        "{told}"
    );
}

#[test]
fn every_kind_of_rule_is_enforced() {
    let cases: Vec<(&str, Result<(), _>)> = vec![
        ("Aliases.Ids: value must contain between 1 and 100 items", v2::Aliases::default().validate()),
        (
            "repeated value must contain unique items",
            v2::Aliases { ids: vec!["a".into(), "a".into()] }.validate(),
        ),
        (
            "Aliases.Ids[0]: value length must be between 1 and 256 runes",
            v2::Aliases { ids: vec![String::new()] }.validate(),
        ),
        (
            "TaskId: value does not match regex pattern",
            api::BatonServiceHeartbeatRequest {
                host_id: "h".into(),
                task_id: "short".into(),
                ..Default::default()
            }
            .validate(),
        ),
        (
            "FinalState: value is required",
            api::BatonServiceFinishTaskRequest {
                host_id: "h".into(),
                task_id: "a".repeat(27),
                ..Default::default()
            }
            .validate(),
        ),
        (
            "must be a valid email address",
            v2::user_trait::Email { address: "nobody".into(), is_primary: true }.validate(),
        ),
        (
            "value does not have prefix \"https://\"",
            v2::ExternalLink { url: "http://example.org".into() }.validate(),
        ),
        (
            "value must be in list [pebble sqlite]",
            api::task::SyncFullTask { storage_engine: "tape".into(), ..Default::default() }.validate(),
        ),
        (
            "value must be one of the defined enum values",
            v2::user_trait::Status { status: 9, details: String::new() }.validate(),
        ),
        (
            "value must be inside range [8, 64]",
            v2::credential_options::RandomPassword { length: 7, ..Default::default() }.validate(),
        ),
        (
            "value must be inside range [0s, 24h0m0s]",
            v2::InvokeActionRequest {
                inline_wait: Some(prost_types::Duration { seconds: 86_401, nanos: 0 }),
                ..Default::default()
            }
            .validate(),
        ),
        (
            "value length must be 32 bytes",
            api::baton_service_upload_asset_request::UploadEof {
                sha256_checksum: vec![0; 31],
                ..Default::default()
            }
            .validate(),
        ),
        (
            "Values: value must contain between 1 and 100 pairs",
            api::SetManyRequest { sync_id: "a".repeat(27), ..Default::default() }.validate(),
        ),
    ];
    for (wanted, outcome) in cases {
        let told = text(outcome);
        assert!(told.contains(wanted), "{told:?} should contain {wanted:?}");
    }
}

#[test]
fn what_keeps_the_rules_passes() {
    let email = v2::user_trait::Email { address: "ada@example.org".into(), is_primary: true };
    assert_eq!(text(email.validate()), "");
    assert_eq!(text(v2::ExternalLink { url: "https://example.org/x".into() }.validate()), "");
    assert_eq!(
        text(v2::ExternalLink::default().validate()),
        "",
        "an empty value is ignored where the rule says so"
    );
    assert_eq!(text(config::Field::default().validate()), "");
}
