//! The ATS's user calls an order off, where the ATS lets one.

use super::{Scene, every_provider_alone};
use crate::harness::PAST_EVERY_STEP;
use serde_json::{Value, json};

/// Whether its user can cancel at all.
async fn can_cancel(scene: &Scene) -> bool {
    let order = scene.order().await;
    scene.cancel(&order).await
}

#[tokio::test]
async fn a_cancelled_order_is_told_once_and_takes_no_more_reports() {
    every_provider_alone(async |scene| {
        let order = scene.order().await;
        if !scene.cancel(&order).await {
            return;
        }
        let told = scene.told("record.modified", &order.ours).await;
        let event: Value = serde_json::from_slice(&told).unwrap();
        let record = &event["eventData"][scene.category.record_key()];
        assert_eq!(record["status"], "CANCELLED", "the vendor is told that the order is cancelled");
        let view = scene
            .view_until(&order, "the cancellation", |view| view["cancelled"] == true)
            .await;
        assert_eq!(view["errors"], json!([]), "the ATS finds nothing wrong: {view}");

        let asked = scene.last_of(super::replay::Kind::Cancel).await.expect(
            "one of the descriptor's operations reads as a cancellation what the simulation sends for one (Inquiry::CancelOrder)",
        );
        let again = scene.ask(&asked, &scene.customer.token).await;
        assert!(
            (200..300).contains(&again.status),
            "{} again is fine, got {}: {}",
            asked.operation.name,
            again.status,
            again.text
        );
        let refused = scene.report(&order, &scene.progress("completed"), 409).await;
        assert_eq!(refused["errorCode"], "order_cancelled", "a report after the cancellation");
        assert_eq!(
            scene.server.count_events("record.modified", &order.ours).await,
            1,
            "the cancellation is told once"
        );
        let view = scene.view(&order).await;
        assert_eq!((&view["cancelled"], &view["complete"]), (&json!(true), &json!(false)), "{view}");
    })
    .await;
}

#[tokio::test]
async fn what_waits_to_be_told_of_a_cancelled_order_is_told_no_more() {
    every_provider_alone(async |scene| {
        if !can_cancel(scene).await {
            return;
        }
        let order = scene.order().await;
        scene.fault(&json!({"status": 503, "times": 1})).await;
        let mut older = scene.progress("in_progress");
        older["summary"] = json!("older than the cancellation");
        scene.report(&order, &older, 200).await;
        let waiting =
            |pushes: &Value| pushes["data"][0]["tries"] == 1 && pushes["data"][0]["status"] == "pending";
        let path = format!("/pushes?order_id={}", order.ours);
        let pushes = scene.server.eventually(&path, waiting).await;
        let waiting = pushes["data"][0]["id"].clone();
        assert!(scene.cancel(&order).await);
        let cancelled = scene.journal().await.len();
        let pushes = scene.pushes(&order).await;
        let older = pushes.iter().find(|push| push["id"] == waiting).unwrap();
        assert_eq!(
            older["status"], "superseded",
            "what waited to be told waits no more"
        );
        scene.server.advance(PAST_EVERY_STEP);
        scene.settled(&order).await;
        let later = scene.said_since(cancelled).await;
        assert!(
            !later.contains("older than the cancellation"),
            "nothing older than the cancellation is told after it: {later}"
        );
        if !scene.descriptor.told_of_cancellation {
            assert_eq!(later, "", "nothing is told of a cancelled order");
        }
        let view = scene.view(&order).await;
        assert_eq!(view["cancelled"], true, "{view}");
    })
    .await;
}

#[tokio::test]
async fn a_completed_order_cannot_be_cancelled_and_its_result_stands() {
    every_provider_alone(async |scene| {
        if !can_cancel(scene).await {
            return;
        }
        let request = scene.last_of(super::replay::Kind::Cancel).await.unwrap();
        let first = scene.orders_of(&scene.customer).await[0]["id"].clone();
        let order = scene.order().await;
        scene.report(&order, &scene.progress("completed"), 200).await;
        scene.settled(&order).await;
        scene
            .view_until(&order, "a complete result", |view| view["complete"] == true)
            .await;
        // The user's wish, and the same wish as the ATS words it, should the simulation see what is wrong itself.
        let (status, answer) = scene
            .act("POST", &format!("/orders/{}/cancel", order.theirs), &Value::Null)
            .await;
        assert!(
            (400..500).contains(&status),
            "cancelling a completed order is refused, got {status}: {answer}"
        );
        let asked = renamed(scene, &request, first.as_str().unwrap(), &order);
        if let Some(asked) = asked {
            let answer = scene.ask(&asked, &scene.customer.token).await;
            assert!(
                (400..500).contains(&answer.status) || !answer.text.contains("true"),
                "cancelling a completed order is refused, got {}: {}",
                answer.status,
                answer.text
            );
        }
        let view = scene.view(&order).await;
        assert_eq!(
            (&view["complete"], &view["cancelled"]),
            (&json!(true), &json!(false)),
            "{view}"
        );
        let path = format!("/unified/ats/{}/orders/{}", scene.category, order.ours);
        let shown = scene.server.get(&path).await;
        assert_eq!(shown["data"]["status"], "completed", "the result stands");
    })
    .await;
}

/// A call about one order, made to be about another: by our ids, where the ATS repeats those.
fn renamed(
    scene: &Scene,
    asked: &super::replay::Asked,
    from: &str,
    to: &super::Order,
) -> Option<super::replay::Asked> {
    use crosscheck::domain::id::OrderId;
    let (old, new) = (OrderId::parse(from)?, OrderId::parse(&to.ours)?);
    let swap = |text: &str| {
        text.replace(old.as_str(), new.as_str())
            .replace(&old.uuid().to_string(), &new.uuid().to_string())
    };
    let mut other = asked.clone();
    other.url = swap(&asked.url);
    other.body = asked.body.as_deref().map(swap);
    let is_changed = other.url != asked.url || other.body != asked.body;
    (is_changed && scene.category.order_prefix() == &from[..8]).then_some(other)
}
