//! Pushes: what we owe the ATS for a result, one at a time, the newest only.

use crate::harness::{Holder, PAST_EVERY_STEP, Receiver, Reply, Server, basic, wait_of};
use serde_json::{Value, json};

#[tokio::test]
async fn the_callback_is_a_patch_without_a_body_with_the_trigger_token_and_an_empty_password() {
    let server = Server::start().await;
    let mut ats = Receiver::start().await;
    let customer = server.link("greenhouse", "assessments").await;
    let order = server
        .place(&customer, &format!("{}/tests/1?signed=yes", ats.url))
        .await;
    server.complete(&order, 81).await;

    let call = ats.next().await;
    assert_eq!(
        (call.method.as_str(), call.path.as_str(), call.query.as_str()),
        ("PATCH", "/tests/1", "signed=yes")
    );
    assert!(call.body.is_empty());
    assert_eq!(call.headers["authorization"], basic(&customer.token, ""));
    let push = server.pushes(&order).await.remove(0);
    let shown = server.reaches(&push, "succeeded").await;
    assert_eq!(shown["attempts"][0]["status_code"], 200);
    server.stop().await;
}

#[tokio::test]
async fn the_callback_uses_the_partner_credentials_where_there_are_some() {
    let server = Server::start().await;
    let mut ats = Receiver::start().await;
    let integration = json!({
        "provider": "greenhouse", "category": "assessments",
        "partner_username": "partner-7", "partner_password": "correct horse",
    });
    server.post("/integrations", integration, 201).await;
    let customer = server.link("greenhouse", "assessments").await;
    let order = server.place(&customer, &ats.url).await;
    server.complete(&order, 81).await;
    let call = ats.next().await;
    assert_eq!(call.headers["authorization"], basic("partner-7", "correct horse"));
    server.stop().await;
}

#[tokio::test]
async fn a_push_that_is_answered_503_is_tried_again_on_the_schedule_and_meanwhile_the_ats_reads_the_result() {
    let server = Server::start().await;
    let mut ats = Receiver::start().await;
    ats.answer(|_| Reply::status(503));
    let customer = server.link("greenhouse", "assessments").await;
    let order = server.place(&customer, &ats.url).await;
    server.complete(&order, 81).await;
    ats.next().await;
    let push = server.pushes(&order).await.remove(0);

    for (tries, step) in [(1, 5_000), (2, 30_000)] {
        let failed = server.tried(&push, tries).await;
        assert_eq!(failed["status"], "pending");
        let wait = wait_of(&failed);
        assert!((step * 8 / 10..=step * 12 / 10).contains(&wait), "{wait}");
        server.advance_to_next_try(&failed);
        ats.next().await;
    }
    let tail = format!("test_status?partner_interview_id={order}");
    let status = server.ats(&customer, "GET", &tail, None, 200).await;
    assert_eq!(
        (&status["partner_status"], &status["partner_score"]),
        (&json!("complete"), &json!(81))
    );

    let failed = server.tried(&push, 3).await;
    ats.answer(|_| Reply::status(200));
    server.advance_to_next_try(&failed);
    let arrived = server.reaches(&push, "succeeded").await;
    assert_eq!(arrived["tries"], 4);
    server.stop().await;
}

#[tokio::test]
async fn a_push_that_is_answered_404_or_410_is_rejected_told_and_can_be_retried() {
    for refusal in [404, 410] {
        let server = Server::start().await;
        let ats = Receiver::start().await;
        let mut vendor = Receiver::start().await;
        ats.answer(move |_| Reply::status(refusal));
        server.webhook(&vendor.url, &["push.rejected"]).await;
        let customer = server.link("greenhouse", "assessments").await;
        let order = server.place(&customer, &ats.url).await;
        server.complete(&order, 81).await;

        let told = vendor.next().await.json();
        assert_eq!(told["eventType"], "push.rejected");
        assert_eq!(told["recordId"], order.as_str());
        let push = server.pushes(&order).await.remove(0);
        let ended = server.get(&push).await;
        assert_eq!(ended["status"], "rejected");
        assert_eq!(ended["last_status_code"], refusal);
        assert_eq!(ended["tries"], 1);

        ats.answer(|_| Reply::status(200));
        server.post(&format!("{push}/retry"), Value::Null, 200).await;
        server.reaches(&push, "succeeded").await;
        server.stop().await;
    }
}

#[tokio::test]
async fn a_push_that_had_its_last_try_is_exhausted_and_told() {
    let server = Server::start().await;
    let ats = Receiver::start().await;
    ats.answer(|_| Reply::status(500));
    let customer = server.link("greenhouse", "assessments").await;
    let order = server.place(&customer, &ats.url).await;
    server.complete(&order, 81).await;
    let push = server.pushes(&order).await.remove(0);
    let ended = server.exhaust(&push).await;
    assert_eq!(
        (&ended["status"], &ended["tries"]),
        (&json!("exhausted"), &json!(11))
    );
    let told = server.events("push.rejected").await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["record_id"], order.as_str());
    server.stop().await;
}

#[tokio::test]
async fn a_newer_revision_supersedes_an_unsent_older_one_which_cannot_be_retried() {
    let server = Server::start().await;
    let mut ats = Receiver::start().await;
    ats.answer(|_| Reply::status(500));
    let customer = server.link("greenhouse", "assessments").await;
    let order = server.place(&customer, &ats.url).await;
    server.report(&order, "in_progress", 10).await;
    ats.next().await;
    let older = server.pushes(&order).await.remove(0);
    server.tried(&older, 1).await;

    ats.answer(|_| Reply::status(200));
    server.complete(&order, 81).await;
    ats.next().await;
    let newer = server.pushes(&order).await.remove(1);
    server.reaches(&newer, "succeeded").await;
    assert_eq!(server.get(&older).await["status"], "superseded");

    let refused = server.post(&format!("{older}/retry"), Value::Null, 409).await;
    assert_eq!(refused["errorCode"], "superseded");
    server.advance(PAST_EVERY_STEP);
    server.post(&format!("{newer}/retry"), Value::Null, 200).await;
    ats.next().await;
    server.reaches(&newer, "succeeded").await;
    assert!(ats.rest().is_empty());
    server.stop().await;
}

#[tokio::test]
async fn the_ats_gets_one_call_at_a_time_for_an_order_and_the_newest_last() {
    let server = Server::start().await;
    let mut ats = Holder::start().await;
    let mut vendor = Receiver::start().await;
    server.webhook(&vendor.url, &["record.new"]).await;
    let customer = server.link("greenhouse", "assessments").await;
    let order = server.place(&customer, &format!("{}/a", ats.url)).await;
    vendor.next().await;
    server.report(&order, "in_progress", 1).await;
    let first = ats.next().await;
    server.report(&order, "in_progress", 2).await;
    server.complete(&order, 3).await;

    // The worker has looked again by the time that another order has gone through it.
    let other = server.place(&customer, &format!("{}/b", ats.url)).await;
    vendor.next().await;
    server.complete(&other, 4).await;
    let call = ats.next().await;
    assert_eq!(call.path, "/b");
    call.answer(200);
    assert!(ats.arrived().is_none());

    let pushes = server.pushes(&order).await;
    server
        .post(&format!("{}/retry", pushes[0]), Value::Null, 409)
        .await;
    first.answer(503);
    ats.next().await.answer(200);
    let mut stand = Vec::new();
    server.reaches(&pushes[2], "succeeded").await;
    for push in &pushes {
        stand.push(server.get(push).await["status"].clone());
    }
    assert_eq!(stand, ["superseded", "superseded", "succeeded"]);
    assert_eq!(ats.most_at_once(), 1);
    server.stop().await;
}

#[tokio::test]
async fn a_callback_at_a_forbidden_address_is_never_called_and_listed_with_the_reason() {
    let server = Server::start().await;
    let mut ats = Receiver::start().await;
    let customer = server.link("greenhouse", "assessments").await;
    for callback in ["http://10.0.0.1/tests/1", "https://169.254.169.254/tests/1"] {
        let order = server.place(&customer, callback).await;
        server.complete(&order, 81).await;
        let push = server.pushes(&order).await.remove(0);
        let ended = server.reaches(&push, "rejected").await;
        let reason = ended["last_error"].as_str().unwrap();
        assert!(
            reason.contains("not called") && reason.contains("CROSSCHECK_ALLOWED_TARGETS"),
            "{reason}"
        );
        assert_eq!(ended["attempts"][0]["status_code"], Value::Null);
    }
    // The port alone does not make an address forbidden here, so this one is.
    let order = server
        .place(&customer, &ats.url.replace("127.0.0.1", "0.0.0.0"))
        .await;
    server.complete(&order, 81).await;
    let push = server.pushes(&order).await.remove(0);
    server.reaches(&push, "rejected").await;
    assert!(ats.rest().is_empty());
    server.stop().await;
}
