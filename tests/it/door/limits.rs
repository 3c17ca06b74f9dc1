//! Limits: connections, rate, sizes, and patience with the slow.

use std::pin::Pin;

use baton_ninja_one::wire::{google::rpc, unpack};
use http_body::Body as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tower::Service as _;

use super::*;

const TOKENS: [&str; 2] = ["first-token-0123456789", "second-token-0123456789"];

async fn closed(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("the connection is closed").ok();
}

#[tokio::test]
async fn a_connection_too_many_is_closed_and_a_free_place_is_taken() {
    let house =
        House::behind(DoorOptions { max_connections: 1, patience: patient(), ..Default::default() }).await;
    let first = house.plain().await;
    call(&first, METADATA, None).await.unwrap();
    closed(&mut TcpStream::connect(house.address).await.unwrap()).await;
    house.denies(Denial::TooManyConnections).await;
    call(&first, METADATA, None).await.unwrap();
    drop(first);
    eventually(|| *house.seen.open.lock().unwrap() == 0).await;
    call(&house.plain().await, METADATA, None).await.unwrap();
}

#[tokio::test]
async fn a_client_that_calls_too_fast_is_told_when_to_come_back() {
    let files = Files::new();
    let text = format!("a:read:{}\nb:read:{}\n", TOKENS[0], TOKENS[1]);
    let house = House::behind(DoorOptions {
        token_files: vec![files.write("tokens", &text)],
        client_rate: 3,
        patience: patient(),
        ..Default::default()
    })
    .await;
    let channel = house.plain().await;
    let mut told = None;
    for _ in 0..20 {
        if let Err(status) = call(&channel, METADATA, Some(TOKENS[0])).await {
            told = Some(status);
            break;
        }
    }
    let status = told.expect("twenty calls in a moment are too many");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, "TOO_MANY_CALLS"));
    let whole = rpc::Status::decode(status.details()).unwrap();
    let limit =
        whole.details.iter().find_map(unpack::<v2::RateLimitDescription>).expect("the details say when");
    assert_eq!(limit.status(), v2::rate_limit_description::Status::Overlimit);
    let reset = SystemTime::try_from(limit.reset_at.unwrap()).unwrap();
    assert!(reset > SystemTime::now() - Duration::from_secs(5));
    let line = house.denies(Denial::Rate).await;
    assert_eq!(line["asked_by"], "token:a");
    call(&channel, METADATA, Some(TOKENS[1])).await.expect("another client has its own rate");
}

#[tokio::test]
async fn what_is_too_large_is_refused_and_the_connection_lives_on() {
    let house = House::behind(DoorOptions { patience: patient(), ..Default::default() }).await;
    let channel = house.plain().await;
    let status = send(&channel, METADATA, None, Request::new(vec![0u8; 5 << 20])).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::OutOfRange, "MESSAGE_TOO_LARGE"));
    house.denies(Denial::MessageTooLarge).await;

    let mut long = Request::new(());
    long.metadata_mut().insert("x-long", "y".repeat(20 << 10).parse().unwrap());
    let status = send(&channel, METADATA, None, long).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::ResourceExhausted, "HEADERS_TOO_LARGE"));
    house.denies(Denial::HeadersTooLarge).await;

    // Beyond the door's own bound HTTP/2 refuses before anything is read.
    let mut endless = Request::new(());
    endless.metadata_mut().insert("x-long", "y".repeat(100 << 10).parse().unwrap());
    send(&channel, METADATA, None, endless).await.unwrap_err();
    call(&house.plain().await, METADATA, None).await.unwrap();
}

#[tokio::test]
async fn a_connection_that_does_not_begin_is_closed() {
    let patience = Patience { opening: Duration::from_millis(50), ..patient() };
    let house = House::behind(DoorOptions { patience, ..Default::default() }).await;
    let mut silent = TcpStream::connect(house.address).await.unwrap();
    let mut hesitant = TcpStream::connect(house.address).await.unwrap();
    hesitant.write_all(b"PRI * HTTP/2.0\r\n").await.unwrap();
    let channel = house.plain().await;
    closed(&mut silent).await;
    closed(&mut hesitant).await;
    house.denies(Denial::SlowOpening).await;
    assert_eq!(house.denials(), [Denial::SlowOpening, Denial::SlowOpening]);
    call(&channel, METADATA, None).await.expect("who has begun may take a break");
}

/// A message that never comes to its end.
struct Endless;

impl http_body::Body for Endless {
    type Data = bytes::Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, Status>>> {
        std::task::Poll::Pending
    }
}

fn raw(path: &str, body: tonic::body::Body) -> http::Request<tonic::body::Body> {
    let uri = format!("http://localhost{path}");
    let headers =
        http::Request::post(uri).header("content-type", "application/grpc").header("te", "trailers");
    headers.body(body).unwrap()
}

#[tokio::test]
async fn a_message_that_does_not_come_gives_its_turn_up() {
    let patience = Patience { request: Duration::from_millis(50), ..patient() };
    let house = House::behind(DoorOptions { patience, ..Default::default() }).await;
    let mut channel = house.plain().await;
    std::future::poll_fn(|cx| channel.poll_ready(cx)).await.unwrap();
    let answer = timeout(PATIENCE, channel.call(raw(METADATA, tonic::body::Body::new(Endless)))).await;
    let answer = answer.expect("it is not waited for").unwrap();
    let status = Status::from_header_map(answer.headers()).unwrap();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, "MESSAGE_TOO_SLOW"));
    is_documented(&status);
    house.denies(Denial::SlowSender).await;
    call(&channel, METADATA, None).await.expect("the connection lives on");
}

#[tokio::test]
async fn an_answer_that_nobody_reads_costs_the_connection() {
    let patience = Patience { answer: Duration::from_millis(100), ..patient() };
    let house = House::behind(DoorOptions { patience, ..Default::default() }).await;
    let quick = house.plain().await;
    send(&quick, LIST, None, users()).await.unwrap();
    let mut slow = house.endpoint("http").initial_stream_window_size(1 << 10).connect().await.unwrap();
    std::future::poll_fn(|cx| slow.poll_ready(cx)).await.unwrap();
    let message = users().into_inner().encode_to_vec();
    let mut framed = vec![0];
    framed.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    framed.extend(message);
    let body = tonic::body::Body::new(String::from_utf8(framed).unwrap());
    let answer = slow.call(raw(LIST, body)).await.unwrap();
    house.denies(Denial::SlowReader).await;
    eventually(|| *house.seen.open.lock().unwrap() == 1).await;
    let mut body = answer.into_body();
    let end = async {
        loop {
            match std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
                Some(Ok(_)) => {}
                Some(Err(_)) => break true,
                None => break false,
            }
        }
    };
    assert!(timeout(PATIENCE, end).await.unwrap(), "the answer is cut off, not ended");
    call(&quick, METADATA, None).await.expect("nobody else is cut");
}
