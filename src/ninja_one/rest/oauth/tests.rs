//! What is sent to the token endpoint, what is made of its answers, and where refresh tokens go.

// A test may panic: that is how it fails.
#![allow(clippy::unwrap_used)]

use super::super::testing::{FakeNinja, Reply, SECRET, Seen};
use super::super::{Client as RestClient, RequestObserver, TokenInfo};
use super::*;

const PATH: &str = "POST /ws/oauth/token";

fn form(seen: &Seen) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = url::form_urlencoded::parse(seen.body.as_bytes()).into_owned().collect();
    pairs.sort();
    pairs
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

async fn token(replies: impl IntoIterator<Item = Reply>) -> (Result<TokenInfo, Error>, FakeNinja) {
    let ninja = FakeNinja::start().await.on(PATH, replies);
    (ninja.client().token().await, ninja)
}

#[tokio::test]
async fn client_credentials_go_into_the_body_and_nowhere_else() {
    let (info, ninja) = token([Reply::token("a")]).await;
    assert_eq!(info.unwrap().scopes, Some(vec!["monitoring".to_owned(), "management".to_owned()]));
    let seen = &ninja.seen()[0];
    assert_eq!(seen.line, PATH);
    assert!(!seen.headers.contains_key("authorization"));
    assert_eq!(seen.headers["content-type"], "application/x-www-form-urlencoded");
    let expected = [
        ("client_id", "client-1"),
        ("client_secret", SECRET),
        ("grant_type", "client_credentials"),
        ("scope", "monitoring management"),
    ];
    assert_eq!(form(seen), pairs(&expected));
}

#[tokio::test]
async fn without_scopes_none_are_sent() {
    let ninja = FakeNinja::start().await;
    let mut config = ninja.config();
    config.scopes.clear();
    RestClient::new(config).unwrap().token().await.unwrap();
    assert!(!ninja.seen()[0].body.contains("scope"));
}

#[tokio::test]
async fn a_token_answer_may_be_odd_as_long_as_it_holds_a_token() {
    for (body, seconds) in [
        (r#"{"access_token":"a","expires_in":"3600","token_type":"bearer"}"#, 3600),
        (r#"{"access_token":"a","expires_in":1800.0,"scope":null,"refresh_token":null}"#, 1800),
        (r#"{"access_token":"a","expires_in":null,"novelty":[]}"#, 600),
        (r#"{"access_token":"a","expires_in":99999999999999999999}"#, 24 * 3600),
    ] {
        let reply = Reply::new(201, body).header("content-type", "text/plain");
        let remaining = token([reply]).await.0.unwrap().remaining.as_secs_f64().ceil();
        assert_eq!(remaining, f64::from(seconds), "{body}");
    }
}

#[tokio::test]
async fn an_answer_without_a_usable_token_is_an_error_that_repeats_none_of_it() {
    for body in
        [r#"{"token":"canary"}"#, r#"{"access_token":""}"#, r#"{"access_token":"a canary"}"#, "canary"]
    {
        let error = token([Reply::ok(body)]).await.0.unwrap_err();
        assert_eq!(error.kind().label(), "decode", "{body}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
    assert_eq!(token([Reply::ok(" ")]).await.0.unwrap_err().kind(), &ErrorKind::EmptyAnswer);
}

#[tokio::test]
async fn the_other_path_is_tried_once_for_a_404_that_is_not_json_and_kept_when_it_works() {
    let ninja = FakeNinja::start()
        .await
        .on(PATH, [Reply::new(404, "<html>nginx</html>")])
        .on("POST /oauth/token", [Reply::token("a").header("x", "y")]);
    let client = ninja.client();
    client.token().await.unwrap();
    assert_eq!((ninja.count(PATH), ninja.count("POST /oauth/token")), (1, 1));

    let nowhere = Reply::new(404, "<html>nginx</html>");
    let ninja = FakeNinja::start().await.on(PATH, [nowhere.clone()]).on("POST /oauth/token", [nowhere]);
    let error = ninja.client().token().await.unwrap_err();
    let kind = ErrorKind::TokenPathNotFound { host: ninja.url.clone(), path: "/ws/oauth/token".into() };
    assert_eq!(error.kind(), &kind);
}

#[tokio::test]
async fn an_unknown_client_is_told_as_wrong_region_or_client_without_trying_another_path() {
    let body = r#"{"resultCode":"Client app not exist","incidentId":"WEB-1"}"#;
    let (result, ninja) = token([Reply::new(404, body)]).await;
    let error = result.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::WrongRegionOrClient { host: ninja.url.clone() });
    assert_eq!(error.incident_id(), Some("WEB-1"));
    assert!(error.to_string().contains("--ninja-one-base-url"), "{error}");
    assert_eq!(ninja.seen().len(), 1);
}

#[tokio::test]
async fn a_secret_is_read_again_for_every_token() {
    let ninja = FakeNinja::start().await.on(PATH, [Reply::new(401, ""), Reply::token("a")]);
    let secret = Arc::new(Mutex::new("old"));
    let source = Arc::clone(&secret);
    let mut config = ninja.config();
    config.client_secret = SecretSource::new(move || SecretString::from(*source.lock().unwrap()));
    let client = RestClient::new(config).unwrap();
    assert_eq!(client.token().await.unwrap_err().kind(), &ErrorKind::InvalidClient);
    *secret.lock().unwrap() = "new";
    client.token().await.unwrap();
    assert!(ninja.seen()[0].body.contains("client_secret=old"));
    assert!(ninja.seen()[1].body.contains("client_secret=new"));
}

#[tokio::test]
async fn a_rotated_refresh_token_is_kept_and_used_next_and_none_keeps_the_old_one() {
    let rotated = r#"{"access_token":"a","expires_in":1,"refresh_token":"r2"}"#;
    let unrotated = r#"{"access_token":"b","expires_in":1}"#;
    let ninja = FakeNinja::start().await.on(
        PATH,
        [Reply::ok(rotated), Reply::ok(unrotated), Reply::new(400, r#"{"error":"invalid_grant"}"#)],
    );
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&kept);
    let mut config = ninja.config();
    config.grant = Grant::RefreshToken {
        token: SecretString::from("r1").into(),
        keeper: Some(Arc::new(move |token| {
            keep.lock().unwrap().push(token.expose_secret().to_owned());
            Ok(())
        })),
    };
    let wire = Arc::new(super::super::transport::Http::new(&config).unwrap());
    let oauth = OAuth::new(&config, wire);
    oauth.fetch().await.unwrap();
    oauth.fetch().await.unwrap();
    let Err(error) = oauth.fetch().await else { unreachable!("the third answer is a refusal") };
    assert_eq!(error.kind(), &ErrorKind::InvalidGrant);
    let sent: Vec<_> = ninja.seen().iter().map(form).collect();
    let expected = |token| {
        pairs(&[
            ("client_id", "client-1"),
            ("client_secret", SECRET),
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
        ])
    };
    assert_eq!(sent, [expected("r1"), expected("r2"), expected("r2")]);
    assert_eq!(*kept.lock().unwrap(), ["r2"]);
}

#[tokio::test]
async fn token_calls_are_observed() {
    #[derive(Default)]
    struct Refreshes(Mutex<Vec<bool>>);
    impl RequestObserver for Refreshes {
        fn token_refreshed(&self, failure: Option<&Error>) {
            self.0.lock().unwrap().push(failure.is_none());
        }
    }
    let ninja = FakeNinja::start().await.on(PATH, [Reply::new(500, ""), Reply::token("a")]);
    let refreshes = Arc::new(Refreshes::default());
    let mut config = ninja.config();
    config.observer = Arc::clone(&refreshes) as Arc<dyn RequestObserver>;
    let client = RestClient::new(config).unwrap();
    assert!(client.token().await.is_err());
    assert!(client.token().await.is_ok());
    assert_eq!(*refreshes.0.lock().unwrap(), [false, true]);
}
