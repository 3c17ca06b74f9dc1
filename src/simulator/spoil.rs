//! The answers that faults give, and how they spoil a good one.

use std::{convert::Infallible, io, time::Duration};

use axum::{
    body::{Body, to_bytes},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use futures::stream;
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

use super::{
    errors::{Refusal, answer},
    faults::{Fault, RetryAfter},
    field::Stamp,
};

const HTTP_DATE: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// The answer that stands in front of the request, for faults under which it is not carried out.
pub(super) fn instead(fault: &Fault, incident: &str, now: Stamp) -> Option<Response> {
    Some(match fault {
        Fault::TooManyRequests { retry_after } => {
            let mut response = Refusal::Status(429).render(incident);
            if let Some(value) = retry_after.as_ref().and_then(|after| retry_header(after, now)) {
                response.headers_mut().insert(header::RETRY_AFTER, value);
            }
            response
        }
        Fault::Html { status } => html(*status),
        Fault::Status(status) => Refusal::Status(*status).render(incident),
        Fault::Answer { status, content_type, body } => answer(*status, content_type, body.clone()),
        Fault::NotFound => Refusal::NotFound.render(incident),
        Fault::Redirect(location) => {
            let mut response = answer(302, "text/html", "");
            if let Ok(value) = HeaderValue::from_str(location) {
                response.headers_mut().insert(header::LOCATION, value);
            }
            response
        }
        Fault::RevokedToken => Refusal::NotAuthenticated.render(incident),
        Fault::MissingScope { status } => Refusal::Insufficient(*status).render(incident),
        Fault::WrongRegion => Refusal::UnknownClient.render(incident),
        _ => return None,
    })
}

/// The good answer after the fault has had its way with it.
pub(super) async fn spoilt(fault: &Fault, response: Response, incident: &str) -> Response {
    match fault {
        Fault::LostBehindStatus(status) => Refusal::Status(*status).render(incident),
        Fault::LostBehindHtml { status } => html(*status),
        Fault::Slow(pause) => {
            tokio::time::sleep(*pause).await;
            response
        }
        Fault::Dribble { bytes, pause } => dribble(response, (*bytes).max(1), *pause).await,
        Fault::CutBody => cut(response, true).await,
        Fault::AbortedChunks => cut(response, false).await,
        Fault::MalformedJson => with_body(response, |_| Bytes::from_static(b"{\"id\": 1, \"name\": ")).await,
        Fault::EmptyBody => answer(200, "application/json", ""),
        Fault::NoContent => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
        Fault::Truncated(count) => with_body(response, |body| first(&body, *count)).await,
        Fault::EmptyList => with_body(response, |_| Bytes::from_static(b"[]")).await,
        Fault::PlainText => {
            let (mut parts, body) = response.into_parts();
            parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=UTF-8"));
            Response::from_parts(parts, body)
        }
        _ => response,
    }
}

fn html(status: u16) -> Response {
    const PAGE: &str =
        "<html><head><title>Too Many Requests</title></head><body>Please slow down.</body></html>";
    answer(status, "text/html; charset=utf-8", PAGE)
}

fn retry_header(after: &RetryAfter, now: Stamp) -> Option<HeaderValue> {
    let text = match after {
        RetryAfter::Seconds(seconds) => seconds.to_string(),
        RetryAfter::Text(text) => text.clone(),
        RetryAfter::Date(seconds) => {
            let moment = i64::try_from(now.seconds + seconds).ok()?;
            OffsetDateTime::from_unix_timestamp(moment).ok()?.format(HTTP_DATE).ok()?
        }
    };
    HeaderValue::from_str(&text).ok()
}

async fn bytes_of(body: Body) -> Bytes {
    // The body was made in this process, whole; it cannot fail to come.
    to_bytes(body, usize::MAX).await.unwrap_or_default()
}

async fn with_body(response: Response, change: impl FnOnce(Bytes) -> Bytes) -> Response {
    let (parts, body) = response.into_parts();
    let body = change(bytes_of(body).await);
    Response::from_parts(parts, Body::from(body))
}

async fn dribble(response: Response, size: usize, pause: Duration) -> Response {
    let (parts, body) = response.into_parts();
    let body = bytes_of(body).await;
    let pieces = stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let piece = rest.split_to(size.min(rest.len()));
        Some((Ok::<_, Infallible>(piece), rest))
    });
    Response::from_parts(parts, Body::from_stream(pieces))
}

async fn cut(response: Response, declared: bool) -> Response {
    let (mut parts, body) = response.into_parts();
    let body = bytes_of(body).await;
    if declared {
        parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len().max(2)));
    }
    let half = body.slice(..body.len() / 2);
    let pieces = stream::unfold(Some(half), |half| async move {
        match half {
            Some(half) => Some((Ok(half), None)),
            None => {
                // Without a pause the server would throw the first half away together with the connection.
                tokio::task::yield_now().await;
                Some((Err(io::Error::from(io::ErrorKind::ConnectionAborted)), None))
            }
        }
    });
    Response::from_parts(parts, Body::from_stream(pieces))
}

/// The first elements of a JSON list, byte for byte; anything else comes back unchanged.
fn first(body: &Bytes, count: usize) -> Bytes {
    if body.first() != Some(&b'[') {
        return body.clone();
    }
    if count == 0 {
        return Bytes::from_static(b"[]");
    }
    let (mut depth, mut quoted, mut escaped, mut seen) = (0_usize, false, false, 0_usize);
    for (place, byte) in body.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 1 => {
                seen += 1;
                if seen == count {
                    let mut kept = body[..place].to_vec();
                    kept.push(b']');
                    return kept.into();
                }
            }
            _ => {}
        }
    }
    body.clone()
}
