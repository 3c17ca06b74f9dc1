//! The door every request comes through: it is logged, watched, met by a fault, and given its numbers.

use axum::{
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request, State as Extract},
    http::{HeaderValue, Method, header, request::Parts},
    middleware::Next,
    response::Response,
};
use url::form_urlencoded;

use super::{
    caller::bearer,
    errors::Refusal,
    faults::Fault,
    forbidden::{self, is_credential},
    line::Cut,
    log, spoil,
    state::{STRUCK, Shared, State},
};

const LARGEST_BODY: usize = 4 << 20;
const NODE: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

pub(super) async fn pass(
    Extract(state): Extract<Shared>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
    next: Next,
) -> Response {
    let serial = state.next_serial();
    let request_id = format!("sim-{serial:08x}");
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return Refusal::invalid("Request body too large or incomplete").render(&request_id);
    };
    state.log.begin(entry(&state, serial, &request_id, &parts, &body));
    forbidden::watch(&state, &parts, &body);

    let incident = incident(&state, serial);
    let fault = state.faults.pick(parts.method.as_str(), parts.uri.path());
    let write = parts.method != Method::GET && parts.method != Method::HEAD;
    if let Some(fault) = &fault {
        state.log.edit(serial, |entry| entry.fault = true);
        if *fault == Fault::Hold {
            state.faults.hold().await;
        }
        if *fault == Fault::RevokedToken
            && let Ok(token) = bearer(&parts.headers)
        {
            state.tokens(|tokens| tokens.revoke(token));
        }
        match fault {
            Fault::Closed => return silence(&cut, Cut::close),
            Fault::Reset => return silence(&cut, Cut::reset),
            _ => {}
        }
        if let Some(response) = spoil::instead(fault, &incident, state.now()) {
            return finish(&state, serial, &request_id, response);
        }
    }

    let mut response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        response = refusal.render(&incident);
    }
    if write && response.status().is_success() {
        state.log.edit(serial, |entry| entry.applied = true);
    }
    match &fault {
        Some(Fault::LostAnswer) => return silence(&cut, Cut::close),
        Some(fault) => response = spoil::spoilt(fault, response, &incident).await,
        None => {}
    }
    finish(&state, serial, &request_id, response)
}

fn finish(state: &State, serial: u64, request_id: &str, mut response: Response) -> Response {
    let status = response.status().as_u16();
    state.log.edit(serial, |entry| entry.status = Some(status));
    if let Ok(value) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-nj-request-id", value);
    }
    response
}

/// Ends the connection; what is returned never reaches the client.
fn silence(cut: &Cut, end: fn(&Cut)) -> Response {
    end(cut);
    Response::new(Body::empty())
}

fn incident(state: &State, serial: u64) -> String {
    let letters: String = (0..8_u32)
        .map(|place| char::from(b'A' + u8::try_from(serial / 26_u64.pow(7 - place) % 26).unwrap_or_default()))
        .collect();
    format!("WEB_MGMT_SERVICE-{NODE}-{}-{letters}", state.now().seconds)
}

fn entry(state: &State, number: u64, request_id: &str, parts: &Parts, body: &[u8]) -> log::Request {
    let text = (parts.method != Method::GET).then(|| {
        let text = String::from_utf8_lossy(body);
        let form = parts
            .headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
        if form { struck(&text) } else { state.without_secrets(&text) }
    });
    let header_text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let query = parts.uri.query().unwrap_or_default();
    let named = form_urlencoded::parse(query.as_bytes()).any(|(name, _)| is_credential(&name));
    log::Request {
        number,
        method: parts.method.to_string(),
        path: state.without_secrets(parts.uri.path()),
        query: if named { struck(query) } else { state.without_secrets(query) },
        body: text,
        authorization: parts.headers.contains_key(header::AUTHORIZATION),
        user_agent: header_text(header::USER_AGENT),
        status: None,
        applied: false,
        fault: false,
        request_id: request_id.to_owned(),
    }
}

/// A form with the values of all credentials struck out; the client's id may stay.
fn struck(form: &str) -> String {
    let pairs = form_urlencoded::parse(form.as_bytes()).map(|(name, value)| {
        let secret = is_credential(&name) && name != "client_id";
        let value = if secret { STRUCK.into() } else { value };
        (name, value)
    });
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
