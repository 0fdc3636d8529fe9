//! The main job: what is offered can be ordered, an order is told to the vendor, and told once.

use super::scene::{EMAIL, FIRST_NAME, LAST_NAME, packages};
use super::{Scene, every_category, every_provider};
use futures_util::future::join_all;
use serde_json::{Value, json};

#[tokio::test]
async fn the_recruiter_is_offered_the_stored_packages_in_their_order() {
    every_category(async |scene| {
        let offered: Vec<_> = scene.dialog().await.into_iter().map(|(_, name)| name).collect();
        let packages = packages();
        let stored = packages.as_array().unwrap().iter();
        let stored: Vec<_> = stored.map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(
            offered, stored,
            "the dialog shows the names of the packages in their order"
        );
    })
    .await;
}

#[tokio::test]
async fn an_order_is_told_to_the_vendor_with_everything_that_is_known_of_it() {
    every_category(async |scene| {
        let packages = packages();
        for (index, package) in packages.as_array().unwrap().iter().enumerate() {
            let order = scene.order_package(&scene.offered[index]).await;
            let sent = scene.placing().await.body.unwrap();
            let told = scene.told("record.new", &order.ours).await;
            check_event(scene, &told, package, &sent);
            check_order(scene, &order.ours, package, &told).await;
            let view = scene.view(&order).await;
            assert_eq!(view["errors"], json!([]), "the ATS finds nothing wrong: {view}");
            assert_eq!(
                (&view["complete"], &view["cancelled"]),
                (&json!(false), &json!(false)),
                "a fresh order is neither complete nor cancelled in the ATS: {view}"
            );
            if let Some(named) = view["order"].as_str() {
                scene.assert_is(named, &order);
            }
        }
    })
    .await;
}

fn check_event(scene: &Scene, told: &[u8], package: &Value, sent: &str) {
    let event: Value = serde_json::from_slice(told).unwrap();
    let data = event["eventData"].as_object().unwrap();
    let keys: Vec<_> = data.keys().collect();
    assert_eq!(
        keys,
        [scene.category.record_key()],
        "the data key is the category's"
    );
    assert_eq!(event["syncDataType"], scene.category.sync_data_type());
    let record = &data[scene.category.record_key()];
    assert_eq!(record["id"], event["recordId"]);
    assert_eq!(
        record["assessmentPackage"]["id"], package["id"],
        "the event has the vendor's own id of the package, not the one that the ATS was given"
    );
    assert_eq!(record["assessmentPackage"]["name"], package["name"]);
    assert_eq!(
        record["candidate"]["firstName"], FIRST_NAME,
        "candidate.firstName"
    );
    assert_eq!(record["candidate"]["lastName"], LAST_NAME, "candidate.lastName");
    assert_eq!(
        record["candidate"]["emails"][0]["email"], EMAIL,
        "candidate.emails"
    );
    assert_eq!(record["status"], "NOT_SPECIFIED");
    let text = std::str::from_utf8(told).unwrap();
    assert!(
        text.contains(&format!("\"originData\":{sent}")),
        "originData is the body of the ATS's request, byte for byte:\n{sent}\n{text}"
    );
}

/// What can be read again is what the event told.
async fn check_order(scene: &Scene, id: &str, package: &Value, told: &[u8]) {
    let event: Value = serde_json::from_slice(told).unwrap();
    let record = &event["eventData"][scene.category.record_key()];
    let path = format!("/unified/ats/{}/orders/{id}", scene.category);
    let order = &scene.server.get(&path).await["data"];
    for (read, told) in [
        ("/id", "/id"),
        ("/package/name", "/assessmentPackage/name"),
        ("/candidate/id", "/candidate/id"),
        ("/candidate/first_name", "/candidate/firstName"),
        ("/candidate/last_name", "/candidate/lastName"),
        ("/candidate/emails/0/value", "/candidate/emails/0/email"),
        ("/candidate/links", "/candidate/links"),
        ("/application/id", "/applicationId"),
        ("/job/id", "/jobId"),
        ("/results_update_url", "/callbackUrl"),
        ("/origin_data", "/originData"),
    ] {
        assert_eq!(
            order.pointer(read),
            record.pointer(told),
            "GET {path} agrees with the event on {read}"
        );
    }
    assert_eq!(order["package"]["id"], package["id"]);
    assert_eq!(order["account_id"], scene.customer.account);
    assert_eq!(
        (&order["status"], &order["outcome"]),
        (&json!("pending"), &json!("none"))
    );
}

#[tokio::test]
async fn the_same_order_sent_again_is_the_same_order_and_is_not_told_again() {
    every_provider(async |scene| {
        let order = scene.order().await;
        let first = scene.placing().await;
        for _ in 0..2 {
            let path = format!("/orders/{}/resend", order.theirs);
            let (status, answer) = scene.act("POST", &path, &Value::Null).await;
            assert_eq!(status, 200, "an order that is sent again is taken: {answer}");
            if let Some(named) = answer["order"].as_str() {
                scene.assert_is(named, &order);
            }
        }
        assert_eq!(
            scene.placing().await.body,
            first.body,
            "the simulation sends the same again"
        );
        assert_eq!(
            scene.orders_of(&scene.customer).await.len(),
            1,
            "there is one order"
        );
        assert_eq!(
            scene.server.count_events("record.new", &order.ours).await,
            1,
            "it is told once"
        );

        let other = scene.another_customer().await;
        let answers = join_all((0..10).map(|_| scene.ask(&first, &other.token))).await;
        for answer in &answers {
            assert!(
                (200..300).contains(&answer.status),
                "one of 10 equal requests at once is answered {}: {}",
                answer.status,
                answer.text
            );
            assert_eq!(
                answer.text, answers[0].text,
                "10 equal requests at once get one answer"
            );
        }
        let orders = scene.orders_of(&other).await;
        assert_eq!(orders.len(), 1, "10 equal requests at once are one order");
        let id = orders[0]["id"].as_str().unwrap();
        assert_ne!(id, order.ours, "another customer's order is another order");
        assert_eq!(scene.server.count_events("record.new", id).await, 1);
    })
    .await;
}
