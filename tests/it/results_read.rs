//! What an ATS reads of a result, and what the vendor is told of that.

use crate::results::{REPORT, placed, result_path};
use futures_util::future::join_all;
use serde_json::json;

#[tokio::test]
async fn each_value_becomes_its_status_and_its_outcome_and_the_ats_reads_it() {
    let mut placed = placed().await;
    for (index, (value, status, outcome, shown)) in [
        (json!("initiated"), "started", "none", "started"),
        (json!("in_progress"), "in_progress", "none", "in_progress"),
        (json!("completed"), "completed", "none", "complete"),
        (json!("passed"), "completed", "passed", "complete"),
        (json!("failed"), "completed", "failed", "complete"),
        (json!(null), "completed", "none", "complete"),
        (json!("cancelled"), "cancelled", "none", "cancelled"),
        (json!("expired"), "expired", "none", "expired"),
    ]
    .into_iter()
    .enumerate()
    {
        placed.another(100 + index).await;
        placed
            .report(json!({"result": {"value": value}, "result_url": REPORT}), 200)
            .await;
        let data = placed.server.get(&result_path(&placed.order)).await["data"].clone();
        assert_eq!(
            (&data["status"], &data["outcome"]),
            (&json!(status), &json!(outcome)),
            "{value}"
        );
        assert_eq!(data["revision"], 1);
        let order = placed
            .server
            .get(&format!("/unified/ats/assessments/orders/{}", placed.order))
            .await;
        assert_eq!(
            (&order["data"]["status"], &order["data"]["outcome"]),
            (&json!(status), &json!(outcome))
        );
        assert_eq!(placed.read().await["partner_status"], shown);
        let push = placed.ats.next().await;
        assert_eq!(
            (push.method.as_str(), push.path),
            ("PATCH", format!("/tests/{}", 100 + index))
        );
        assert!(push.body.is_empty());
    }
    placed.server.stop().await;
}

#[tokio::test]
async fn a_report_without_a_result_is_a_complete_one() {
    let placed = placed().await;
    placed.report(json!({"result_url": REPORT}), 200).await;
    assert_eq!(
        placed.read().await,
        json!({"partner_status": "complete", "partner_profile_url": REPORT})
    );
    placed.server.stop().await;
}

#[tokio::test]
async fn cancelled_expired_and_progress_need_no_url_and_show_none() {
    let mut placed = placed().await;
    for (index, value) in ["initiated", "in_progress", "cancelled", "expired"]
        .into_iter()
        .enumerate()
    {
        placed.another(200 + index).await;
        placed.report(json!({"result": {"value": value}}), 200).await;
        let read = placed.read().await;
        assert_eq!(
            read.as_object().unwrap().keys().collect::<Vec<_>>(),
            ["partner_status"]
        );
        assert_ne!(read["partner_status"], "complete");
    }
    placed.server.stop().await;
}

#[tokio::test]
async fn a_score_is_a_number_however_it_was_written() {
    let mut placed = placed().await;
    for (index, (sent, read, kept)) in [
        (json!(81), json!(81), "81"),
        (json!("81"), json!(81), "81"),
        (json!("81.50"), json!(81.5), "81.50"),
        (json!(0.1), json!(0.1), "0.1"),
        (json!("-3"), json!(-3), "-3"),
        (json!("0"), json!(0), "0"),
        (json!(" 7 "), json!(7), " 7 "),
    ]
    .into_iter()
    .enumerate()
    {
        placed.another(300 + index).await;
        placed
            .report(
                json!({"score": {"value": sent, "max": "100"}, "result_url": REPORT}),
                200,
            )
            .await;
        assert_eq!(placed.read().await["partner_score"], read);
        let data = placed.server.get(&result_path(&placed.order)).await["data"].clone();
        assert_eq!(data["score"], json!({"value": kept, "max": "100"}));
    }
    placed.server.stop().await;
}

#[tokio::test]
async fn the_recruiter_reads_dates_and_notes_under_their_labels() {
    let placed = placed().await;
    let body = json!({
        "score": {"value": 81.5, "label": "Percentage"}, "summary": "Well done ☑ <b>", "result_url": REPORT,
        "start_date": "2026-02-03T11:13:00+01:00", "submission_date": "2026-02-03T10:59:59.999Z",
    });
    placed.report(body, 200).await;
    assert_eq!(
        placed.read().await,
        json!({
            "partner_status": "complete", "partner_profile_url": REPORT, "partner_score": 81.5,
            "metadata": {
                "Started At": "3 February 2026, 10:13 UTC", "Completed At": "3 February 2026, 10:59 UTC",
                "Notes": "Well done ☑ <b>"
            }
        })
    );
    placed.server.stop().await;
}

#[tokio::test]
async fn what_the_ats_cannot_show_is_named_and_kept() {
    let placed = placed().await;
    let body = json!({
        "score": {"value": "81", "label": "Percentage", "min": 0, "max": 100},
        "result": {"value": "failed", "source_value": {"own": ["word"]}}, "result_url": REPORT,
        "attachments": [{"url": REPORT, "content_type": {"value": "pdf"}}],
        "candidate": {"id": "c1", "profile_url": "https://vendor.example/c1"}, "passthrough": {"a": {"b": 1}},
    });
    let reported = placed.report(body, 200).await;
    assert_eq!(reported["statusCode"], 200);
    assert!(reported["timestamp"].is_string());
    let warnings = reported["warnings"].as_array().unwrap();
    let mut told: Vec<_> = warnings
        .iter()
        .map(|one| one["pointer"].as_str().unwrap())
        .collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            "/attachments",
            "/candidate/id",
            "/candidate/profile_url",
            "/passthrough",
            "/result/source_value",
            "/result/value",
            "/score/label",
            "/score/max",
            "/score/min"
        ]
    );
    let data = placed.server.get(&result_path(&placed.order)).await["data"].clone();
    assert_eq!(data["passthrough"], json!({"a": {"b": 1}}));
    assert_eq!(
        data["result"],
        json!({"value": "failed", "source_value": {"own": ["word"]}})
    );
    assert_eq!(data["attachments"][0]["url"], REPORT);
    placed.server.stop().await;
}

#[tokio::test]
async fn what_the_ats_shows_in_full_earns_no_warning() {
    let placed = placed().await;
    let body = json!({"score": {"value": 1}, "result": {"value": "completed"}, "result_url": REPORT, "summary": "s"});
    assert_eq!(placed.report(body, 200).await["warnings"], json!([]));
    placed.server.stop().await;
}

#[tokio::test]
async fn the_vendor_is_told_once_that_a_final_result_was_read_and_never_of_progress() {
    let placed = placed().await;
    placed
        .report(json!({"result": {"value": "in_progress"}}), 200)
        .await;
    placed.read().await;
    assert_eq!(
        placed.server.count_events("record.modified", &placed.order).await,
        0
    );
    placed.report(json!({"result_url": REPORT}), 200).await;
    assert_eq!(
        placed.server.count_events("record.modified", &placed.order).await,
        0
    );
    join_all((0..10).map(|_| placed.read())).await;
    placed.read().await;
    assert_eq!(
        placed.server.count_events("record.modified", &placed.order).await,
        1
    );
    placed.server.stop().await;
}
