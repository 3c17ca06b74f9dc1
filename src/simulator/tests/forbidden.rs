//! What a client must never do is written down.

use super::{super::*, Desk, Reply, small};

#[tokio::test]
async fn a_client_that_behaves_breaks_no_rule() {
    let desk = Desk::open().await;
    desk.get("/v2/users?includeRoles=true").await;
    desk.get("/v2/devices?pageSize=2&after=1").await;
    desk.send("PATCH", "/v2/user/role/201/add-members", "[11]").await;
    assert_eq!(desk.simulator.forbidden(), []);
}

#[tokio::test]
async fn each_broken_rule_is_told_by_name() {
    let desk = Desk::open().await;
    let cases = [
        ("PATCH", "/v2/user/role/201/add-members", r#"{"userIds":[11]}"#, Rule::MembersNotAnArray),
        ("PATCH", "/v2/user/role/201/add-members", "[]", Rule::NoMembers),
        ("PATCH", "/v2/user/technician/12", r#"{"firstName":null}"#, Rule::NullForAbsent),
        (
            "PATCH",
            "/v2/user/technician/12",
            r#"{"firstName":"simulator-secret-7f3a"}"#,
            Rule::CredentialInBody,
        ),
        ("DELETE", "/v2/user/technician/11", "", Rule::AdministratorDeletion),
        ("GET", "/v2/users?access_token=abc", "", Rule::CredentialInQuery),
        ("GET", "/v2/users?pageSize=10", "", Rule::PagingOnWholeList),
        ("GET", "/v2/organization/2/end-users?after=1", "", Rule::PagingOnWholeList),
        ("GET", "/v2/devices?df=org+%3D+2", "", Rule::PlusInQuery),
        ("PATCH", "/v2/user/end-user/31/device-access", "{}", Rule::UnknownPath),
    ];
    for (method, path, body, rule) in cases {
        desk.simulator.clear_forbidden();
        desk.send(method, path, body).await;
        assert_eq!(desk.simulator.broken_rules(), [rule], "{method} {path}");
    }
}

#[tokio::test]
async fn a_request_without_a_name_or_with_a_foreign_token_is_noticed() {
    let desk = Desk::open().await;
    let nameless = reqwest::Client::builder().no_proxy().build().unwrap();
    nameless.get(format!("{}/v2/users", desk.simulator.url())).bearer_auth("stolen").send().await.unwrap();
    assert_eq!(desk.simulator.broken_rules(), [Rule::NoUserAgent, Rule::ForeignToken]);
}

#[tokio::test]
async fn the_token_of_one_simulator_is_foreign_to_another() {
    let (first, second) = (Desk::open().await, Desk::open().await);
    let token = first.simulator.machine_token(super::READ);
    second.simulator.machine_token(super::READ);
    let request =
        second.request("GET", "/v2/users").bearer_auth(secrecy::ExposeSecret::expose_secret(&token));
    assert_eq!(request.send().await.unwrap().status(), 401);
    assert_eq!(second.simulator.broken_rules(), [Rule::ForeignToken]);
}

#[tokio::test]
async fn a_creation_repeated_after_success_is_noticed_even_when_refused() {
    for unique in [true, false] {
        let mut options = Options::with(small());
        options.behaviour.unique_emails = unique;
        let desk = Desk::with(options).await;
        let body = r#"{"firstName":"A","lastName":"B","email":"new@example.com"}"#;
        desk.send("POST", "/v2/user/technicians", body).await;
        assert_eq!(desk.simulator.forbidden(), []);
        desk.send("POST", "/v2/user/technicians", body).await;
        assert_eq!(desk.simulator.broken_rules(), [Rule::RepeatedCreation]);
    }
}

#[tokio::test]
async fn a_body_without_its_label_is_refused_and_noticed() {
    let desk = Desk::open().await;
    let token = desk.simulator.machine_token(super::WRITE);
    let request = desk.request("PATCH", "/v2/user/technician/12").body(r#"{"firstName":"B"}"#);
    let request = request.bearer_auth(secrecy::ExposeSecret::expose_secret(&token));
    assert_eq!(Reply::of(request.send().await.unwrap()).await.unwrap().status, 415);
    assert_eq!(desk.simulator.broken_rules(), [Rule::BodyNotJson]);
}

#[tokio::test]
async fn basic_authentication_at_the_token_path_is_noticed() {
    let desk = Desk::open().await;
    let form = [("grant_type", "client_credentials")];
    let request = desk.request("POST", "/ws/oauth/token").basic_auth("a", Some("b")).form(&form);
    assert_eq!(request.send().await.unwrap().status(), 400);
    assert_eq!(desk.simulator.broken_rules(), [Rule::BasicAtToken]);
}
