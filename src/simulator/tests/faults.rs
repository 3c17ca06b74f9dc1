//! Each fault does what it says.

use std::time::{Duration, Instant};

use secrecy::ExposeSecret;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{super::*, Desk, Hands, READ, Reply, WRITE, small};

const USERS: &str = "/v2/users";
const ADD: &str = "/v2/user/role/201/add-members";

async fn struck(fault: Fault) -> (Desk, reqwest::Result<Reply>) {
    let desk = Desk::open().await;
    desk.simulator.faults().on("GET", USERS, fault);
    let reply = desk.try_call("GET", USERS, READ, None).await;
    (desk, reply)
}

async fn answered(fault: Fault) -> Reply {
    struck(fault).await.1.unwrap()
}

/// Whether a struck member change was carried out, and what the client was told.
async fn change_under(fault: Fault) -> (bool, Option<u16>) {
    let desk = Desk::open().await;
    desk.simulator.faults().on("PATCH", ADD, fault);
    let reply = desk.try_call("PATCH", ADD, WRITE, Some("[11]")).await;
    let held = desk.simulator.tenant().is_member(201, 11);
    assert_eq!(desk.simulator.requests()[0].applied, held);
    (held, reply.ok().map(|reply| reply.status))
}

#[tokio::test]
async fn too_many_requests_comes_with_and_without_a_time_to_wait() {
    let (hands, clock) = Hands::new();
    hands.turn(Duration::ZERO);
    let desk = Desk::with(Options { clock, ..Options::with(small()) }).await;
    for (after, header) in [
        (None, ""),
        (Some(RetryAfter::Seconds(7)), "7"),
        (Some(RetryAfter::Date(40)), "Thu, 09 Oct 2025 08:54:00 GMT"),
        (Some(RetryAfter::Text("soon".into())), "soon"),
    ] {
        let rule = desk.simulator.faults().on("GET", USERS, Fault::TooManyRequests { retry_after: after });
        let reply = desk.get(USERS).await;
        assert_eq!((reply.status, reply.header("retry-after")), (429, header));
        assert_eq!(reply.json()["errorMessage"], "HTTP 429 Too Many Requests");
        rule.remove();
    }
}

#[tokio::test]
async fn a_throttle_page_is_html_with_any_status() {
    for status in [200, 403, 429] {
        let reply = answered(Fault::Html { status }).await;
        assert_eq!(reply.status, status);
        assert!(reply.header("content-type").starts_with("text/html") && reply.text.starts_with("<html>"));
    }
}

#[tokio::test]
async fn server_errors_have_the_application_layers_body() {
    for status in [500, 502, 503, 504] {
        let reply = answered(Fault::Status(status)).await;
        assert_eq!((reply.status, &reply.json()["resultCode"]), (status, &"FAILURE".into()));
    }
}

#[tokio::test]
async fn broken_bodies_are_broken_each_in_its_way() {
    assert!(struck(Fault::CutBody).await.1.is_err(), "half of what Content-Length says");
    assert!(struck(Fault::AbortedChunks).await.1.is_err(), "chunks without an end");
    let malformed = answered(Fault::MalformedJson).await;
    assert!(malformed.status == 200 && serde_json::from_str::<serde_json::Value>(&malformed.text).is_err());
    let empty = answered(Fault::EmptyBody).await;
    assert_eq!((empty.status, empty.text.as_str()), (200, ""));
    let none = answered(Fault::NoContent).await;
    assert_eq!((none.status, none.text.as_str()), (204, ""));
    let plain = answered(Fault::PlainText).await;
    assert!(plain.header("content-type").starts_with("text/plain") && plain.ids().len() == 6);
}

#[tokio::test]
async fn a_cut_body_starts_like_a_good_one() {
    let (desk, _) = struck(Fault::CutBody).await;
    let token = desk.simulator.machine_token(READ);
    let mut response = desk.request("GET", USERS).bearer_auth(token.expose_secret()).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let promised = response.content_length().unwrap();
    let first = response.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"[{") && (first.len() as u64) < promised);
    assert!(response.chunk().await.is_err());
}

#[tokio::test]
async fn a_truncated_list_is_good_json_with_fewer_elements() {
    assert_eq!(answered(Fault::Truncated(2)).await.ids(), [11, 14]);
    assert_eq!(answered(Fault::Truncated(0)).await.text, "[]");
    assert_eq!(answered(Fault::Truncated(99)).await.ids().len(), 6);
    assert_eq!(answered(Fault::EmptyList).await.text, "[]");
}

#[tokio::test]
async fn a_connection_ends_without_an_answer() {
    for fault in [Fault::Closed, Fault::Reset] {
        let (desk, reply) = struck(fault).await;
        assert!(reply.is_err());
        let log = desk.simulator.requests();
        assert_eq!((log[0].status, log[0].fault), (None, true));
    }
}

#[tokio::test]
async fn a_closed_line_ends_quietly_and_a_reset_one_does_not() {
    let desk = Desk::open().await;
    let raw = |fault| async {
        let rule = desk.simulator.faults().on("GET", USERS, fault);
        let mut line = TcpStream::connect(desk.simulator.address()).await.unwrap();
        line.write_all(b"GET /v2/users HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut rest = Vec::new();
        let end = line.read_to_end(&mut rest).await;
        assert!(rest.is_empty());
        rule.remove();
        end.map_err(|error| error.kind())
    };
    assert_eq!(raw(Fault::Closed).await, Ok(0));
    assert_eq!(raw(Fault::Reset).await, Err(std::io::ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn a_fault_in_front_keeps_a_write_from_happening() {
    for (fault, status) in [
        (Fault::TooManyRequests { retry_after: None }, Some(429)),
        (Fault::Html { status: 200 }, Some(200)),
        (Fault::Status(503), Some(503)),
        (Fault::Closed, None),
        (Fault::Reset, None),
        (Fault::RevokedToken, Some(401)),
    ] {
        assert_eq!(change_under(fault.clone()).await, (false, status), "{fault:?}");
    }
}

#[tokio::test]
async fn a_fault_behind_spoils_the_answer_of_a_write_that_happened() {
    for (fault, status) in [
        (Fault::LostAnswer, None),
        (Fault::LostBehindStatus(502), Some(502)),
        (Fault::LostBehindHtml { status: 504 }, Some(504)),
        (Fault::CutBody, None),
        (Fault::EmptyBody, Some(200)),
        (Fault::NoContent, Some(204)),
        (Fault::Slow(Duration::ZERO), Some(200)),
    ] {
        assert_eq!(change_under(fault.clone()).await, (true, status), "{fault:?}");
    }
}

#[tokio::test]
async fn a_revoked_token_stays_revoked_and_the_next_one_works() {
    let desk = Desk::open().await;
    let rule = desk.simulator.faults().on("GET", USERS, Fault::RevokedToken).times(1);
    let token = desk.simulator.machine_token(READ);
    let ask = || desk.request("GET", USERS).bearer_auth(token.expose_secret()).send();
    assert_eq!(ask().await.unwrap().status(), 401);
    assert_eq!(ask().await.unwrap().status(), 401, "not by the fault, but because it is revoked");
    assert_eq!(rule.hits(), 1);
    assert_eq!(desk.get(USERS).await.status, 200);
}

#[tokio::test]
async fn refusals_for_rights_and_regions_look_real() {
    let scope = answered(Fault::MissingScope { status: 403 }).await;
    assert_eq!((scope.status, &scope.json()["resultCode"]), (403, &"insufficient_privileges".into()));
    let release = answered(Fault::NotFound).await;
    assert_eq!((release.status, &release.json()["errorMessage"]), (404, &"HTTP 404 Not Found".into()));
    let away = answered(Fault::Redirect("http://127.0.0.1:1/else".into())).await;
    assert_eq!((away.status, away.header("location")), (302, "http://127.0.0.1:1/else"));
    let desk = Desk::open().await;
    desk.simulator.faults().on("POST", "/ws/oauth/token", Fault::WrongRegion);
    let region = desk.token(&[("grant_type", "client_credentials")]).await;
    assert_eq!((region.status, &region.json()["resultCode"]), (404, &"Client app not exist".into()));
    let own = Fault::Answer { status: 418, content_type: "text/x".into(), body: "tea".into() };
    let own = answered(own).await;
    assert_eq!((own.status, own.header("content-type"), own.text.as_str()), (418, "text/x", "tea"));
}

#[tokio::test]
async fn a_rule_spares_the_first_and_stops_after_its_times() {
    let desk = Desk::open().await;
    let rule = desk.simulator.faults().on("get", "/v2/*", Fault::Status(500)).after(1).times(2);
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(desk.get(USERS).await.status);
    }
    assert_eq!(seen, [200, 500, 500, 200]);
    assert_eq!(rule.hits(), 2);
    assert_eq!(desk.get("/v2/user/roles").await.status, 200, "one star is one piece");
    desk.simulator.faults().on("*", "/v2/**", Fault::Status(503));
    assert_eq!(desk.get("/v2/user/roles").await.status, 503);
    desk.simulator.faults().clear();
    assert_eq!(desk.get("/v2/user/roles").await.status, 200);
}

#[tokio::test]
async fn a_held_request_waits_until_it_is_released() {
    let desk = Desk::open().await;
    desk.simulator.faults().on("PATCH", ADD, Fault::Hold);
    let call = desk.try_call("PATCH", ADD, WRITE, Some("[11]"));
    let watch = async {
        while desk.simulator.faults().held() == 0 {
            tokio::task::yield_now().await;
        }
        assert!(!desk.simulator.tenant().is_member(201, 11));
        desk.simulator.faults().release();
    };
    let (reply, ()) = tokio::join!(call, watch);
    assert_eq!(reply.unwrap().status, 200);
    assert_eq!(desk.simulator.faults().held(), 0);
}

#[tokio::test]
async fn slow_answers_and_dribbling_bodies_take_their_time() {
    let pause = Duration::from_millis(20);
    for fault in [Fault::Slow(pause), Fault::Dribble { bytes: 1000, pause }] {
        let start = Instant::now();
        assert_eq!(answered(fault).await.ids().len(), 6);
        assert!(start.elapsed() >= pause);
    }
}

#[tokio::test]
async fn a_slow_write_has_happened_before_the_client_gives_up() {
    let desk = Desk::open().await;
    desk.simulator.faults().on("PATCH", ADD, Fault::Slow(Duration::from_secs(3600)));
    let token = desk.simulator.machine_token(WRITE);
    let request = desk.request("PATCH", ADD).bearer_auth(token.expose_secret()).body("[11]");
    let call = request.header("content-type", "application/json").send();
    let happened = async {
        while !desk.simulator.tenant().is_member(201, 11) {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = call => panic!("answered an hour early"),
        () = happened => {}
    }
}
