//! Every value of a result reaches the ATS as what it is; what is no result does not.

use super::{Order, Scene, every_category, every_provider_alone};
use crate::harness::PAST_EVERY_STEP;
use crosscheck::domain::result::{COMPLETE_VALUES, RESULT_VALUES};
use serde_json::{Value, json};

#[tokio::test]
async fn each_value_reaches_the_ats_as_what_it_is() {
    every_category(async |scene| {
        for value in RESULT_VALUES {
            let order = scene.order().await;
            scene.report(&order, &scene.progress(value), 200).await;
            scene.settled(&order).await;
            let is_complete = COMPLETE_VALUES.contains(&value);
            if is_complete {
                scene
                    .view_until(&order, &format!("{value} is a complete result"), |view| {
                        view["complete"] == true
                    })
                    .await;
            }
            let view = scene.view(&order).await;
            assert_eq!(
                view["errors"],
                json!([]),
                "the ATS finds nothing wrong with {value}: {view}"
            );
            assert_eq!(view["complete"], is_complete, "{value} in the ATS: {view}");
            let may_be_cancelled = ["cancelled", "expired"].contains(&value);
            assert!(
                may_be_cancelled || view["cancelled"] == false,
                "{value} is not cancelled in the ATS: {view}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn what_the_vendor_calls_off_is_cancelled_in_an_ats_that_knows_cancelling() {
    every_provider_alone(async |scene| {
        let order = scene.order().await;
        if !scene.cancel(&order).await {
            return;
        }
        let order = scene.order().await;
        scene.report(&order, &scene.progress("cancelled"), 200).await;
        scene.settled(&order).await;
        scene
            .view_until(&order, "the vendor's cancellation", |view| {
                view["cancelled"] == true
            })
            .await;
    })
    .await;
}

#[tokio::test]
async fn an_unknown_value_is_refused_and_the_ats_is_not_called() {
    every_provider_alone(async |scene| {
        let order = scene.order().await;
        let before = scene.journal().await.len();
        for value in ["Passed", "pending", "complete", "sent", "unmapped_value", ""] {
            let mut body = scene.progress("passed");
            body["result"]["value"] = json!(value);
            let refused = scene.report(&order, &body, 422).await;
            assert_eq!(refused["errors"][0]["pointer"], "/result/value", "{refused}");
        }
        nothing_was_said(scene, &order, before).await;
    })
    .await;
}

/// No push of a result is there, and the journal is as long as it was.
pub async fn nothing_was_said(scene: &Scene, order: &Order, before: usize) {
    let pushes = scene.pushes(order).await;
    let of_results = pushes.iter().filter(|push| !push["revision_id"].is_null());
    assert_eq!(of_results.count(), 0, "the ATS is not called: {pushes:?}");
    let journal = scene.journal().await;
    let urls: Vec<_> = journal.iter().skip(before).map(|one| &one.url).collect();
    assert_eq!(urls, [""; 0], "the ATS is not called");
}

#[tokio::test]
async fn a_final_result_stands() {
    every_provider_alone(async |scene| {
        let order = scene.order().await;
        let mut body = scene.progress("completed");
        body["summary"] = json!("the first and last word");
        scene.report(&order, &body, 200).await;
        scene.settled(&order).await;
        let view = scene
            .view_until(&order, "a complete result", |view| view["complete"] == true)
            .await;
        scene.report(&order, &body, 200).await;
        for other in ["in_progress", "failed", "cancelled"] {
            let refused = scene.report(&order, &scene.progress(other), 409).await;
            assert_eq!(refused["errorCode"], "result_already_final");
        }
        scene.server.advance(PAST_EVERY_STEP);
        scene.settled(&order).await;
        let later = scene.view(&order).await;
        let seen = |view: &Value| {
            [
                view["status"].clone(),
                view["shown"].clone(),
                view["complete"].clone(),
            ]
        };
        assert_eq!(seen(&later), seen(&view), "the ATS shows the final result");
    })
    .await;
}
