//! Tokens: who gets one, for what, for how long.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::{super::*, Desk, Hands, Reply, small};

const ID: (&str, &str) = ("client_id", "simulator-client");
const SECRET: (&str, &str) = ("client_secret", "simulator-secret-7f3a");
const MACHINE: (&str, &str) = ("grant_type", "client_credentials");

fn only_reading() -> Options {
    Options { granted_scopes: vec!["monitoring".into(), "management".into()], ..Options::with(small()) }
}

#[tokio::test]
async fn a_token_without_a_scope_asked_for_gets_all_that_were_granted() {
    let desk = Desk::with(only_reading()).await;
    let reply = desk.token(&[MACHINE, ID, SECRET]).await;
    assert_eq!(reply.status, 200);
    let body = reply.json();
    assert_eq!(body["scope"], "monitoring management");
    assert_eq!((&body["expires_in"], &body["token_type"]), (&3600.into(), &"Bearer".into()));
    assert!(body.get("refresh_token").is_none());
}

#[tokio::test]
async fn one_scope_that_was_not_granted_fails_the_whole_request() {
    let desk = Desk::with(only_reading()).await;
    let reply = desk.token(&[MACHINE, ID, SECRET, ("scope", "monitoring control")]).await;
    assert_eq!(reply.status, 400);
    assert_eq!(reply.json()["error"], "invalid_scope");
    assert_eq!(reply.json()["error_description"], "Invalid scope control for client");
}

#[tokio::test]
async fn offline_access_is_refused_to_a_machine_and_noticed() {
    let desk = Desk::open().await;
    let reply = desk.token(&[MACHINE, ID, SECRET, ("scope", "monitoring offline_access")]).await;
    assert_eq!((reply.status, &reply.json()["error"]), (400, &"invalid_scope".into()));
    assert_eq!(desk.simulator.broken_rules(), [Rule::OfflineAccess]);
}

#[tokio::test]
async fn an_unknown_client_is_404_and_a_wrong_secret_401() {
    let desk = Desk::open().await;
    let unknown = desk.token(&[MACHINE, ("client_id", "nobody"), SECRET]).await;
    assert_eq!((unknown.status, &unknown.json()["resultCode"]), (404, &"Client app not exist".into()));
    assert!(unknown.json()["incidentId"].as_str().unwrap().starts_with("WEB_MGMT_SERVICE-"));
    let wrong = desk.token(&[MACHINE, ID, ("client_secret", "guess")]).await;
    assert_eq!((wrong.status, &wrong.json()["error"]), (401, &"invalid_client".into()));
}

#[tokio::test]
async fn a_token_lives_as_long_as_the_clock_says() {
    let (hands, clock) = Hands::new();
    let desk = Desk::with(Options { clock, ..Options::with(small()) }).await;
    let token = desk.token(&[MACHINE, ID, SECRET]).await.json()["access_token"].as_str().unwrap().to_owned();
    let ask = || async {
        desk.request("GET", "/v2/users").bearer_auth(&token).send().await.unwrap().status().as_u16()
    };
    hands.turn(Duration::from_secs(3599));
    assert_eq!(ask().await, 200);
    hands.turn(Duration::from_secs(1));
    assert_eq!(ask().await, 401);
}

#[tokio::test]
async fn a_revoked_token_is_not_authenticated() {
    let desk = Desk::open().await;
    let token = desk.simulator.machine_token(&["monitoring"]);
    desk.simulator.revoke_tokens();
    let request = desk.request("GET", "/v2/users").bearer_auth(token.expose_secret());
    let reply = Reply::of(request.send().await.unwrap()).await.unwrap();
    assert_eq!((reply.status, &reply.json()["error_code"]), (401, &10.into()));
    assert_eq!(desk.get("/v2/users").await.status, 200);
}

#[tokio::test]
async fn a_missing_and_a_malformed_header_are_400() {
    let desk = Desk::open().await;
    let bare = Reply::of(desk.request("GET", "/v2/users").send().await.unwrap()).await.unwrap();
    assert_eq!((bare.status, &bare.json()["error"]), (400, &"missing_header".into()));
    let odd = desk.request("GET", "/v2/users").header("authorization", "Token x").send().await.unwrap();
    let odd = Reply::of(odd).await.unwrap();
    assert_eq!((odd.status, &odd.json()["error_code"]), (400, &1.into()));
}

#[tokio::test]
async fn each_method_needs_its_scope() {
    let desk = Desk::open().await;
    let read = desk.try_call("GET", "/v2/users", &["management"], None).await.unwrap();
    assert_eq!((read.status, read.text.as_str()), (401, r#"{"resultCode":"insufficient_privileges"}"#));
    let write = desk.try_call("DELETE", "/v2/user/end-user/31", &["monitoring"], None).await.unwrap();
    assert_eq!(write.status, 401);
    assert!(desk.simulator.tenant().users.get(31).is_some());
}

#[tokio::test]
async fn a_refresh_token_rotates_and_the_old_one_is_spent() {
    let desk = Desk::open().await;
    let first = desk.simulator.refresh_token(11, &["monitoring"]);
    let form = [("grant_type", "refresh_token"), ("refresh_token", first.expose_secret()), ID, SECRET];
    let reply = desk.token(&form).await.json();
    let second = reply["refresh_token"].as_str().unwrap();
    assert_ne!(second, first.expose_secret());
    assert_eq!(desk.token(&form).await.json()["error"], "invalid_grant");
    assert_eq!(desk.simulator.broken_rules(), [Rule::SpentRefreshToken]);
    let again = desk.token(&[("grant_type", "refresh_token"), ("refresh_token", second), ID, SECRET]).await;
    assert_eq!(again.status, 200);
}

#[tokio::test]
async fn without_rotation_the_refresh_token_stays_and_the_scope_is_left_out() {
    let behaviour = Behaviour { rotate_refresh_tokens: false, ..Behaviour::default() };
    let desk = Desk::with(Options { behaviour, ..Options::with(small()) }).await;
    let token = desk.simulator.refresh_token(11, &["monitoring"]);
    for _ in 0..2 {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token.expose_secret()), ID, SECRET];
        let body = desk.token(&form).await.json();
        assert!(body["access_token"].is_string());
        assert!(body.get("refresh_token").is_none() && body.get("scope").is_none());
    }
}

#[tokio::test]
async fn a_person_who_is_locked_out_takes_the_tokens_along() {
    let desk = Desk::open().await;
    let refresh = desk.simulator.refresh_token(11, &["monitoring"]);
    desk.simulator.with_tenant(|tenant| tenant.users.get_mut(11).unwrap().enabled = false.into());
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose_secret()), ID, SECRET];
    assert_eq!(desk.token(&form).await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn a_person_signs_in_with_a_code_and_pkce() {
    let desk = Desk::open().await;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest("a-verifier"));
    let path = format!(
        "/ws/oauth/authorize?response_type=code&client_id=simulator-client&state=s1&scope=monitoring%20offline_access\
         &redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fback&code_challenge={challenge}&code_challenge_method=S256"
    );
    let reply = Reply::of(desk.request("GET", &path).send().await.unwrap()).await.unwrap();
    let back = url::Url::parse(reply.header("location")).unwrap();
    let pairs: std::collections::HashMap<_, _> = back.query_pairs().into_owned().collect();
    assert_eq!(pairs["state"], "s1");
    let form = |verifier| {
        [
            ("grant_type", "authorization_code"),
            ("code", pairs["code"].as_str()),
            ("code_verifier", verifier),
            ("redirect_uri", "http://127.0.0.1:9/back"),
            ID,
        ]
    };
    let body = desk.token(&form("a-verifier")).await.json();
    assert!(body["refresh_token"].is_string(), "{body}");
    assert_eq!(desk.token(&form("a-verifier")).await.json()["error"], "invalid_grant", "a code works once");
}

#[tokio::test]
async fn the_bare_token_path_is_there_only_when_asked_for() {
    let desk = Desk::open().await;
    let form = [MACHINE, ID, SECRET];
    let ask = |desk: &Desk| desk.request("POST", "/oauth/token").form(&form).send();
    assert_eq!(ask(&desk).await.unwrap().status(), 404);
    let behaviour = Behaviour { bare_token_path: true, ..Behaviour::default() };
    let desk = Desk::with(Options { behaviour, ..Options::with(small()) }).await;
    assert_eq!(ask(&desk).await.unwrap().status(), 200);
}
