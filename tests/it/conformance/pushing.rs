//! An ATS that does not answer well is told again, and never told an older state after a newer one.

use super::{Scene, every_provider_alone};
use crate::harness::PAST_EVERY_STEP;
use crosscheck::sandbox::journal::Direction;
use serde_json::{Value, json};

const OLDER: &str = "https://vendor.example/older";
const NEWER: &str = "https://vendor.example/newer";

fn marked(mut report: Value, url: &str) -> Value {
    report["result_url"] = json!(url);
    report["summary"] = json!(url);
    report
}

async fn newest_push_failed(scene: &Scene, order: &str) -> Value {
    let failed = |pushes: &Value| pushes["data"][0]["tries"] == 1 && pushes["data"][0]["status"] != "sending";
    let path = format!("/pushes?order_id={order}");
    scene.server.eventually(&path, failed).await["data"][0].clone()
}

#[tokio::test]
async fn while_the_ats_is_down_the_newest_state_waits_and_is_all_that_it_then_gets() {
    every_provider_alone(async |scene| {
        let order = scene.order().await;
        let before = scene.journal().await.len();
        scene.fault(&json!({"status": 503})).await;
        let older = marked(scene.progress("in_progress"), OLDER);
        scene.report(&order, &older, 200).await;
        newest_push_failed(scene, &order.ours).await;
        let newer = marked(scene.progress("completed"), NEWER);
        scene.report(&order, &newer, 200).await;
        let push = newest_push_failed(scene, &order.ours).await;
        assert_eq!(push["status"], "pending", "a 503 is tried again: {push}");
        let waiting: Vec<_> = scene.pushes(&order).await;
        let waits = waiting.iter().filter(|push| push["status"] == "pending");
        assert_eq!(waits.count(), 1, "only the newest state waits: {waiting:?}");
        let down = scene.journal().await.len();
        scene.fault(&json!({})).await;
        scene.server.advance(PAST_EVERY_STEP);
        let arrived = |pushes: &Value| pushes["data"][0]["status"] == "succeeded";
        let path = format!("/pushes?order_id={}", order.ours);
        scene.server.eventually(&path, arrived).await;
        let view = scene
            .view_until(&order, "the newest state", |view| view["complete"] == true)
            .await;
        assert_eq!(view["errors"], json!([]), "the ATS finds nothing wrong: {view}");

        let journal = scene.journal().await;
        let said: Vec<_> = journal
            .iter()
            .map(|one| match one.direction {
                Direction::FromPartner => one.request.get(),
                Direction::ToPartner => one.response.get(),
            })
            .collect();
        let last_older = said.iter().rposition(|text| text.contains(OLDER));
        let first_newer = said.iter().skip(before).position(|text| text.contains(NEWER));
        if let (Some(older), Some(newer)) = (last_older, first_newer) {
            assert!(
                older < before + newer,
                "the ATS is told an older state after a newer one"
            );
        }
        let taken = journal.iter().skip(down);
        let taken = taken.filter(|one| one.direction == Direction::FromPartner && one.status < Some(300));
        assert!(taken.count() > 0, "the ATS is called when it is there again");
    })
    .await;
}

#[tokio::test]
async fn a_401_and_a_500_are_tried_again_and_a_report_is_not_lost() {
    every_provider_alone(async |scene| {
        for status in [401, 500] {
            let order = scene.order().await;
            scene.fault(&json!({"status": status, "times": 1})).await;
            scene.report(&order, &scene.progress("completed"), 200).await;
            let push = newest_push_failed(scene, &order.ours).await;
            assert_eq!(
                (&push["status"], &push["last_status_code"]),
                (&json!("pending"), &json!(status)),
                "a {status} is tried again: {push}"
            );
            scene.server.advance(PAST_EVERY_STEP);
            let arrived = |pushes: &Value| pushes["data"][0]["status"] == "succeeded";
            let path = format!("/pushes?order_id={}", order.ours);
            scene.server.eventually(&path, arrived).await;
            scene
                .view_until(&order, "the result", |view| view["complete"] == true)
                .await;
        }
    })
    .await;
}
