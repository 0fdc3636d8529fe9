//! A result that cannot be told yet, for want of a credential, is kept and waits for it.

use super::{Order, Scene, every_provider_without_credentials};
use crosscheck::providers::descriptor::Holder;
use serde_json::{Value, json};

#[tokio::test]
async fn a_report_waits_for_the_credentials_and_is_told_as_soon_as_they_are_set() {
    every_provider_without_credentials(async |scene| {
        let order = scene.order_unsettled().await;
        let fields = scene.descriptor.credential_fields.iter();
        let needed: Vec<_> = fields
            .filter(|field| field.required && field.default.is_none())
            .collect();
        let shown = scene
            .server
            .get(&format!("/accounts/{}", scene.customer.account))
            .await;
        let missing = shown["missing"].as_array().unwrap().len();
        assert_eq!(missing, needed.len(), "the account says what is missing: {shown}");
        let before = scene.journal().await.len();
        let answer = scene.report(&order, &scene.progress("completed"), 200).await;
        let warnings: Vec<_> = answer["warnings"].as_array().unwrap().iter().collect();
        let told = warnings.iter().filter(|one| one["code"] == "credential_missing");
        assert_eq!(
            told.count(),
            needed.len(),
            "each missing credential is warned of: {answer}"
        );
        let path = format!("/pushes?order_id={}", order.ours);
        let waits =
            |pushes: &Value| pushes["data"][0]["tries"] == 1 && pushes["data"][0]["status"] == "pending";
        let pushes = scene.server.eventually(&path, waits).await;
        let error = pushes["data"][0]["last_error"].as_str().unwrap();
        assert!(
            needed.iter().any(|field| error.contains(field.name)),
            "the push says what it waits for: {error}"
        );
        assert_eq!(
            scene.journal().await.len(),
            before,
            "the ATS is not called without credentials"
        );

        let mut tries = 1;
        for holder in [Holder::Vendor, Holder::Customer] {
            let missing: Vec<_> = needed.iter().filter(|field| field.holder == holder).collect();
            if missing.is_empty() {
                continue;
            }
            let values = missing
                .iter()
                .map(|field| (field.name.to_owned(), scene.credentials[field.name].clone()));
            set(scene, holder, values.collect()).await;
            tries += 1;
            let tried = |pushes: &Value| {
                pushes["data"][0]["tries"] == tries && pushes["data"][0]["status"] != "sending"
            };
            scene.server.eventually(&path, tried).await;
        }
        let arrived = |pushes: &Value| pushes["data"][0]["status"] == "succeeded";
        scene.server.eventually(&path, arrived).await;
        is_shown(scene, &order).await;
    })
    .await;
}

/// That holder sets what was missing.
async fn set(scene: &Scene, holder: Holder, values: serde_json::Map<String, Value>) {
    let path = match holder {
        Holder::Vendor => format!("/integrations/{}", scene.integration["id"].as_str().unwrap()),
        Holder::Customer => format!("/accounts/{}", scene.customer.account),
    };
    let body = json!({"credentials": values});
    scene.server.vendor("PATCH", &path, Some(body), 200).await;
}

async fn is_shown(scene: &Scene, order: &Order) {
    scene
        .view_until(order, "the result that waited", |view| view["complete"] == true)
        .await;
}
