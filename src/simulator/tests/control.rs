//! The control paths of a simulator that runs alone.

use super::{super::*, Desk, Reply, small};

async fn call(desk: &Desk, method: &str, path: &str, body: &str) -> Reply {
    let request = desk.request(method, path).header("content-type", "application/json").body(body.to_owned());
    Reply::of(request.send().await.unwrap()).await.unwrap()
}

#[tokio::test]
async fn faults_are_switched_over_http() {
    let desk = Desk::with(Options { control: true, ..Options::with(small()) }).await;
    let body = r#"{"method":"GET","path":"/v2/users","times":1,
                   "fault":{"too_many_requests":{"retry_after":{"seconds":3}}}}"#;
    assert_eq!(call(&desk, "POST", "/_simulator/faults", body).await.status, 201);
    let slow = r#"{"path":"/v2/**","fault":{"slow":1},"after":5}"#;
    assert_eq!(call(&desk, "POST", "/_simulator/faults", slow).await.status, 201);
    assert_eq!(desk.get("/v2/users").await.header("retry-after"), "3");
    assert_eq!(desk.get("/v2/users").await.status, 200);
    assert_eq!(call(&desk, "GET", "/_simulator/faults", "").await.json()[0]["hits"], 1);
    assert_eq!(call(&desk, "GET", "/_simulator/requests", "").await.json().as_array().unwrap().len(), 2);
    assert_eq!(call(&desk, "GET", "/_simulator/forbidden", "").await.text, "[]");
    assert_eq!(call(&desk, "DELETE", "/_simulator/faults", "").await.status, 204);
    assert_eq!(
        call(&desk, "POST", "/_simulator/faults", r#"{"path":"/x","fault":"nonsense"}"#).await.status,
        422
    );
    assert_eq!(call(&desk, "POST", "/_simulator/tokens/revoke", "").await.status, 204);
}

#[tokio::test]
async fn the_control_paths_are_not_there_unless_asked_for() {
    let desk = Desk::open().await;
    assert_eq!(call(&desk, "GET", "/_simulator/requests", "").await.status, 404);
}

#[tokio::test]
async fn a_dropped_simulator_answers_no_more() {
    let Desk { simulator, http } = Desk::open().await;
    let url = simulator.url();
    drop(simulator);
    while http.get(&url).send().await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn after_shutdown_the_address_is_free_and_open_lines_are_gone() {
    let desk = Desk::open().await;
    assert_eq!(desk.get("/v2/users").await.status, 200);
    let address = desk.simulator.address();
    desk.simulator.shutdown().await;
    assert!(desk.http.get(format!("http://{address}/v2/users")).send().await.is_err());
    let again = Simulator::start(Options { listen: address, ..Options::with(small()) }).await.unwrap();
    assert_eq!(again.address(), address);
}
