//! What an endpoint can choose for itself: when it is tried again, and what it gets.

use crate::harness::{Receiver, Reply, Server, wait_of};
use serde_json::{Value, json};
use std::time::Duration;

const WEEK: u64 = 7 * 24 * 3600;

/// Adds an endpoint that waits so between tries; returns its id.
async fn endpoint(server: &Server, url: &str, schedule: Value) -> String {
    let body = json!({"url": url, "events": ["account.created"], "schedule": schedule});
    let made = server.post("/webhooks", body, 201).await;
    made["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_endpoints_own_schedule_is_shown_changed_and_cleared_by_null() {
    let server = Server::start().await;
    let vendor = Receiver::start().await;
    let (plain, _) = server.webhook(&vendor.url, &["record.new"]).await;
    assert_eq!(
        server.get(&format!("/webhooks/{plain}")).await["schedule"],
        Value::Null
    );
    let longest = vec![WEEK; 20];
    for schedule in [
        json!([5, 30, 300]),
        json!([]),
        json!([9, 1]),
        json!(longest),
        Value::Null,
    ] {
        let made = endpoint(&server, &vendor.url, schedule.clone()).await;
        assert_eq!(
            server.get(&format!("/webhooks/{made}")).await["schedule"],
            schedule
        );

        let path = format!("/webhooks/{plain}");
        let changed = server.vendor("PATCH", &path, Some(json!({"schedule": schedule})), 200);
        assert_eq!(changed.await["schedule"], schedule);
        let left = server
            .vendor("PATCH", &path, Some(json!({"name": "x"})), 200)
            .await;
        assert_eq!(left["schedule"], schedule, "what is left out stays");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_schedule_that_breaks_a_rule_is_refused_with_the_pointer_of_each_wait() {
    let server = Server::start().await;
    let vendor = Receiver::start().await;
    let id = endpoint(&server, &vendor.url, json!([7])).await;
    let path = format!("/webhooks/{id}");
    for (schedule, status, code, pointers) in [
        (json!([5, 30, 0]), 422, "invalid_value", vec!["/schedule/2"]),
        (
            json!([-1, 5, WEEK + 1]),
            422,
            "invalid_value",
            vec!["/schedule/0", "/schedule/2"],
        ),
        (json!([1e30]), 422, "invalid_value", vec!["/schedule/0"]),
        (json!([u64::MAX]), 422, "invalid_value", vec!["/schedule/0"]),
        (json!(vec![1; 21]), 422, "invalid_value", vec!["/schedule"]),
        (json!([1.5]), 400, "invalid_body", vec!["/schedule/0"]),
        (json!(["5"]), 400, "invalid_body", vec!["/schedule/0"]),
        (json!(5), 400, "invalid_body", vec!["/schedule"]),
    ] {
        let body = json!({"url": vendor.url, "events": ["record.new"], "schedule": schedule});
        for (method, path) in [("POST", "/webhooks"), ("PATCH", &path)] {
            let answer = server.try_vendor(method, path, Some(&body)).await;
            assert_eq!(answer.refuses(status, code), pointers, "{schedule}");
        }
    }
    assert_eq!(server.get(&path).await["schedule"], json!([7]));
    server.stop().await;
}

#[tokio::test]
async fn a_failing_endpoint_is_tried_on_its_own_schedule_and_once_where_that_is_empty() {
    let server = Server::start().await;
    let vendor = Receiver::start().await;
    vendor.answer(|_| Reply::status(500));
    let three = endpoint(&server, &vendor.url, json!([100, 7])).await;
    let once = endpoint(&server, &vendor.url, json!([])).await;
    server.link("greenhouse", "assessments").await;

    let delivery = server.newest_delivery(&once).await;
    assert_eq!(server.tried(&delivery, 1).await["status"], "exhausted");

    let delivery = server.newest_delivery(&three).await;
    for (tries, wait) in [(1, 100_000), (2, 7_000)] {
        let failed = server.tried(&delivery, tries).await;
        assert_eq!(failed["status"], "pending");
        let allowed = wait * 8 / 10..=wait * 12 / 10;
        assert!(allowed.contains(&wait_of(&failed)), "{failed}");
        server.advance_to_next_try(&failed);
    }
    assert_eq!(server.tried(&delivery, 3).await["status"], "exhausted");
    server.stop().await;
}

#[tokio::test]
async fn the_schedule_in_force_is_the_one_at_the_time_of_the_failure() {
    let server = Server::start().await;
    let vendor = Receiver::start().await;
    vendor.answer(|_| Reply {
        headers: vec![("retry-after", "600".to_owned())],
        ..Reply::status(429)
    });
    let webhook = endpoint(&server, &vendor.url, json!([10, 10])).await;
    server.link("greenhouse", "assessments").await;
    let delivery = server.newest_delivery(&webhook).await;
    let failed = server.tried(&delivery, 1).await;
    assert_eq!(wait_of(&failed), 600_000, "the endpoint asked for it");

    let change = |schedule: Value| json!({"schedule": schedule});
    let path = format!("/webhooks/{webhook}");
    server
        .vendor("PATCH", &path, Some(change(json!([1, 7200]))), 200)
        .await;
    server.advance_to_next_try(&failed);
    let failed = server.tried(&delivery, 2).await;
    assert!((5_760_000..=8_640_000).contains(&wait_of(&failed)), "{failed}");

    server.vendor("PATCH", &path, Some(change(json!([1]))), 200).await;
    server.advance(Duration::from_secs(3 * 3600));
    assert_eq!(server.tried(&delivery, 3).await["status"], "exhausted");
    server.stop().await;
}

#[tokio::test]
async fn what_an_endpoint_gets_can_be_changed_and_null_clears_its_categories() {
    let server = Server::start().await;
    let vendor = Receiver::start().await;
    let body = json!({"url": vendor.url, "events": ["record.new"], "categories": ["background_checks"]});
    let made = server.post("/webhooks", body, 201).await;
    let webhook = made["id"].as_str().unwrap();
    let path = format!("/webhooks/{webhook}");
    let customer = server.link("greenhouse", "assessments").await;
    let mut expected = 0;
    for (change, gets) in [
        (json!({}), false),
        (json!({"categories": ["assessments"]}), true),
        (json!({"categories": ["reference_checks"]}), false),
        (json!({"categories": null}), true),
        (json!({"categories": ["reference_checks"]}), false),
        (json!({"categories": []}), true),
        (json!({"events": ["account.created"]}), false),
        (json!({"events": ["account.created", "record.new"]}), true),
    ] {
        let changed = server.vendor("PATCH", &path, Some(change.clone()), 200).await;
        if change["categories"].is_null() && change.get("categories").is_some() {
            assert_eq!(changed["categories"], json!([]));
        }
        server
            .place(&customer, &format!("https://ats.example/{change}"))
            .await;
        expected += usize::from(gets);
        assert_eq!(server.deliveries(webhook).await.len(), expected, "{change}");
    }
    server.stop().await;
}
