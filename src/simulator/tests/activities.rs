//! The activity feed.

use super::{super::*, Desk, small};

async fn busy() -> Desk {
    let mut tenant = small();
    for number in 0..25 {
        let class = if number % 2 == 0 { ActivityClass::User } else { ActivityClass::Device };
        let code = if number % 2 == 0 { "APP_USER_LOGGED_IN" } else { "STARTED" };
        tenant.note(Stamp::seconds(1_759_000_000 + number), class, code, "something happened").user_id =
            11.into();
    }
    Desk::with(Options::with(tenant)).await
}

fn ids(reply: &super::Reply) -> Vec<i64> {
    reply.json()["activities"].as_array().unwrap().iter().map(|entry| entry["id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn pages_run_from_the_newest_to_the_oldest() {
    let desk = busy().await;
    let first = desk.get("/v2/activities?pageSize=10").await;
    let newest = first.json()["lastActivityId"].as_i64().unwrap();
    let page = ids(&first);
    assert_eq!((page.len(), page[0]), (10, newest));
    let second = ids(&desk.get(&format!("/v2/activities?pageSize=10&olderThan={}", page[9])).await);
    assert!(second[0] < page[9]);
    let fresh = ids(&desk.get(&format!("/v2/activities?newerThan={}", page[3])).await);
    assert_eq!(fresh, page[..3]);
    assert_eq!(desk.get("/v2/activities?pageSize=9").await.status, 400);
    assert_eq!(desk.get("/v2/activities?pageSize=1001").await.status, 400);
}

#[tokio::test]
async fn class_type_and_status_narrow_the_log() {
    let desk = busy().await;
    assert_eq!(ids(&desk.get("/v2/activities?class=USER").await).len(), 13);
    assert_eq!(ids(&desk.get("/v2/activities?class=DEVICE&type=ACTION").await).len(), 12);
    assert_eq!(ids(&desk.get("/v2/activities?status=STARTED").await).len(), 12);
    assert_eq!(desk.get("/v2/activities?class=PEOPLE").await.status, 400);
}

#[tokio::test]
async fn writes_leave_their_mark() {
    let desk = Desk::open().await;
    let body = r#"{"firstName":"Ivo","lastName":"Marek","email":"ivo@example.org","organizationId":2}"#;
    desk.send("POST", "/v2/user/end-users", body).await;
    desk.send("PATCH", "/v2/user/role/201/add-members", "[11]").await;
    desk.delete("/v2/user/technician/14").await;
    let log = desk.get("/v2/activities").await.json();
    let codes: Vec<_> =
        log["activities"].as_array().unwrap().iter().map(|entry| entry["statusCode"].clone()).collect();
    assert_eq!(codes, ["APP_USER_DELETED", "TECHNICIAN_ROLE_ASSIGNMENT_CHANGED", "END_USER_CREATED_API"]);
}
