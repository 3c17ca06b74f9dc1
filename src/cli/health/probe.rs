//! `health-check`: one question to the health server of a running process, without any other tool.

use std::{io, net::IpAddr, process::ExitCode, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tonic::{Code, Status};

use crate::{
    cli::{error::CliError, print::say},
    config::{Health, HealthProbe},
};

/// The pages are small; whatever sends more is something else.
const LARGEST: u64 = 64 * 1024;

/// Asks, prints the page, and fails unless the answer is 200.
pub(in crate::cli) async fn run(settings: &Health, probe: &HealthProbe) -> Result<ExitCode, CliError> {
    let (host, port) = (host(&settings.bind_address), settings.port);
    let authority = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let url = format!("http://{authority}/{}", probe.endpoint);
    let failed = |code: Code, why: String, more: String| {
        let text =
            format!("health check failed: Get \"{url}\": rpc error: code = {code:?} desc = {why}\n{more}");
        CliError::from(Status::new(code, text))
    };
    let asked = timeout(probe.timeout, ask(&host, port, &authority, &probe.endpoint)).await;
    let (status, body) = match asked {
        Err(_) => {
            let after = seconds(probe.timeout);
            return Err(failed(
                Code::DeadlineExceeded,
                "no answer in time".into(),
                format!("gave up after {after}"),
            ));
        }
        Ok(Err(error)) => {
            let why = if error.kind() == io::ErrorKind::ConnectionRefused {
                "connection refused".to_owned()
            } else {
                error.to_string()
            };
            return Err(failed(Code::Unavailable, why, format!("dial tcp {authority}: {error}")));
        }
        Ok(Ok(answer)) => answer,
    };
    if status != 200 {
        return Err(failed(Code::Unavailable, format!("HTTP status {status}"), body));
    }
    say(body);
    Ok(ExitCode::SUCCESS)
}

/// A server that listens on every address is asked on this machine.
fn host(bound: &str) -> String {
    match bound.parse::<IpAddr>() {
        Ok(IpAddr::V4(v4)) if v4.is_unspecified() => "127.0.0.1".to_owned(),
        Ok(IpAddr::V6(v6)) if v6.is_unspecified() => "::1".to_owned(),
        _ => bound.to_owned(),
    }
}

fn seconds(time: Duration) -> String {
    format!("{}s", time.as_secs_f64())
}

async fn ask(host: &str, port: u16, authority: &str, endpoint: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect((host, port)).await?;
    let request = format!("GET /{endpoint} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LARGEST).read_to_end(&mut answer).await?;
    parse(&String::from_utf8_lossy(&answer))
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP"))
}

/// Status and body of a whole HTTP/1.1 answer.
fn parse(answer: &str) -> Option<(u16, String)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.trim_end().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_and_anything_else_is_not_taken_for_one() {
        let whole = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: x\r\n\r\n{\"a\":1}\n";
        assert_eq!(parse(whole), Some((503, "{\"a\":1}".to_owned())));
        for other in
            ["", "SSH-2.0-x\r\n\r\n", "HTTP/1.1 200 OK\r\n", "HTTP/1.1\r\n\r\n", "HTTP/1.1 two\r\n\r\n"]
        {
            assert_eq!(parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_server_on_every_address_is_asked_here() {
        let asked = ["0.0.0.0", "::", "10.0.0.1", "localhost"].map(host);
        assert_eq!(asked, ["127.0.0.1", "::1", "10.0.0.1", "localhost"]);
    }
}
