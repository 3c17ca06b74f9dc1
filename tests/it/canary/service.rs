//! Service mode: what the control plane is told, what is uploaded to it, and what the process leaves where it runs.

use baton_ninja_one::wire::{
    api::{Task, task, task::TaskType},
    v2,
};
use prost_types::{Struct, Value, value::Kind};

use super::{place::arguments, search::unpacked, *};
use crate::{
    health::get,
    support::{
        control_plane::{Fault, Key},
        scripted::sync,
        writes::{assigned, by_id, resource_id},
    },
};

/// What the control plane hands on: an encrypted password, and a password where a profile has no place for it.
const ENCRYPTED: &str = "encrypted-canary-<8>";
const IN_PROFILE: &str = "profile-canary-<9>";

fn grant(role: i32, user: i32) -> TaskType {
    let (entitlement, principal) = (Some(assigned(role)), Some(by_id("user", user)));
    TaskType::Grant(task::GrantTask { entitlement, principal, ..Default::default() })
}

fn account(with_password: bool) -> TaskType {
    use v2::credential_options::{EncryptedPassword, Options};
    let text = |text: &str| Value { kind: Some(Kind::StringValue(text.into())) };
    let fields = [
        ("first_name", "Nora"),
        ("last_name", "Vale"),
        ("email", "nora@example.com"),
        ("user_type", "end_user"),
        ("organization_id", "1"),
    ];
    let mut profile = Struct { fields: fields.map(|(key, value)| (key.to_owned(), text(value))).into() };
    let mut credential_options = None;
    if with_password {
        profile.fields.insert("password".into(), text(IN_PROFILE));
    } else {
        let encrypted = v2::EncryptedData { encrypted_bytes: ENCRYPTED.into(), ..Default::default() };
        let options = Options::EncryptedPassword(EncryptedPassword { encrypted_passwords: vec![encrypted] });
        credential_options = Some(v2::CredentialOptions { options: Some(options), ..Default::default() });
    }
    let account_info = Some(v2::AccountInfo { profile: Some(profile), ..Default::default() });
    TaskType::CreateAccount(task::CreateAccountTask {
        account_info,
        credential_options,
        ..Default::default()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn service_mode_tells_the_control_plane_and_the_host_no_secret() {
    for given in Given::BOTH {
        let mut place = Place::new().await;
        place.secrets.plant("an encrypted password", ENCRYPTED);
        place.secrets.plant("a password in a profile", IN_PROFILE);
        let args = ["--provisioning", "--health-check", "--health-check-port", "0"];
        let running = place.controlled(&args, given).telling("health pages").await;
        let mut caught = Caught::default();
        let rotate =
            task::RotateCredentialsTask { resource_id: Some(resource_id("user", 22)), ..Default::default() };
        for (what, kind, told) in [
            ("a sync", sync(""), "Success"),
            ("a sync of what is not there", sync("nope"), "nope"),
            ("a grant", grant(5, 22), "role:5:assigned:user:22"),
            ("a refused grant", grant(7, 22), "ROLE_TYPE_MISMATCH"),
            ("an account with an encrypted password", account(false), "ENCRYPTED_PASSWORD"),
            ("an account with a password in its profile", account(true), "password"),
            ("a rotation", TaskType::RotateCredentials(rotate), "credential manager"),
            ("schemas", TaskType::ActionListSchemas(Default::default()), "Success"),
        ] {
            let task = Task { task_type: Some(kind), debug: true, ..Task::default() };
            let id = place.plane.offer_task(task, 0);
            let finish = place.plane.finished(&id).await.0;
            caught.add(format!("the end of {what}"), said(&finish), told);
        }
        // The outage and the renewal that follow a refused token are logged.
        place.plane.revoke_tokens();
        place.plane.fail("GetTask", 1, Fault::Code(tonic::Code::PermissionDenied));
        let id = place.plane.offer(sync(""));
        place.plane.finished(&id).await.success();

        caught.add("the Hello", said(&place.plane.hello()), "baton-ninja-one");
        for upload in place.plane.uploads() {
            if upload.data.starts_with(b"C1ZF") {
                caught.add("an upload, unpacked", unpacked(&upload.data).unwrap(), "tess@example.org");
                caught.add("an upload", upload.data, "C1ZF");
            } else {
                caught.add("a debug log", upload.data, "NinjaOne request ended");
            }
        }
        for (path, holds) in
            [("/metrics", "baton_ninja_one_tasks_total"), ("/health", "status"), ("/ready", "control_plane")]
        {
            caught.add(path, get(running.said("health pages"), path).await.1, holds);
        }
        caught.add("arguments", arguments(running.pid()), "--provisioning");
        running.terminate();
        let output = running.output().await;
        assert_eq!(output.status.code(), Some(0));
        caught.add("stdout", output.stdout, "health pages on");
        caught.add("stderr", output.stderr, "\"operation\":\"grant\"");
        place.plane.assert_satisfied();
        caught.add("traces and records", place.collector.everything(), "GET /v2/users");
        assert!(place.plane.credentials().len() >= 4, "tokens and assertions are known");
        place
            .nothing_leaked(caught, &[("all.log", "service mode"), ("all.log", "NinjaOne request ended")])
            .needed_no_redaction();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_by_the_control_plane_is_told_without_the_assertion() {
    let place = Place::new().await;
    place.plane.expect_key(&Key::second());
    let mut caught = Caught::default();
    for given in Given::BOTH {
        let output = place.controlled(&[], given).output().await;
        assert_eq!(output.status.code(), Some(16));
        caught.add(format!("stderr, {given:?}"), output.stderr, "401 Unauthorized");
        caught.add(format!("stdout, {given:?}"), output.stdout, "");
    }
    assert!(!place.plane.credentials().is_empty(), "the assertions are known");
    place.nothing_leaked(caught, &[("all.log", "service mode")]).needed_no_redaction();
}

/// A message in all its letters: as it goes over the wire, and as a debug text.
fn said<M: prost::Message + std::fmt::Debug>(message: &M) -> Vec<u8> {
    [message.encode_to_vec(), format!("{message:?}").into_bytes()].concat()
}
