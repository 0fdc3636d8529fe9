//! The main job, end to end.

use crate::harness::{Receiver, Server};
use serde_json::{Value, json};

pub fn send_test(callback: &str) -> Value {
    json!({
        "partner_test_id": "pkg_logic",
        "candidate": {
            "first_name": "Zoë",
            "last_name": "Okonkwo-Ünal",
            "preferred_name": null,
            "resume_url": "https://files.example/cv.pdf",
            "phone_number": "+49 30 1234",
            "email": "zoe@candidates.example",
            "greenhouse_profile_url": "https://app.greenhouse.io/people/4711?application_id=815"
        },
        "sent_by": "recruiter@initech.example",
        "url": callback
    })
}

#[tokio::test]
async fn an_order_becomes_a_signed_event_and_its_result_reaches_the_ats() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    let mut ats = Receiver::start().await;
    let customer = server.link("greenhouse", "assessments").await;
    let (_, secret) = server
        .webhook(&vendor.url, &["record.new", "record.modified"])
        .await;

    let sent = send_test(&format!("{}/tests/1", ats.url));
    let placed = server
        .ats(&customer, "POST", "send_test", Some(sent.clone()), 200)
        .await;
    let order = placed["partner_interview_id"].as_str().unwrap();

    let told = vendor.next().await;
    assert!(told.is_signed_by(&secret));
    let event = told.json();
    assert_eq!(event["eventType"], "record.new");
    assert_eq!(event["recordId"], order);
    assert_eq!(event["eventData"]["candidateAssessment"]["originData"], sent);

    let result = json!({"score": {"value": "81"}, "result_url": "https://vendor.example/r/1"});
    let path = format!("/unified/ats/assessments/orders/{order}/result");
    server.vendor("PATCH", &path, Some(result), 200).await;
    let callback = ats.next().await;
    assert_eq!(
        (callback.method.as_str(), callback.path.as_str()),
        ("PATCH", "/tests/1")
    );

    let tail = format!("test_status?partner_interview_id={order}");
    let status = server.ats(&customer, "GET", &tail, None, 200).await;
    assert_eq!(
        status,
        json!({"partner_status": "complete", "partner_profile_url": "https://vendor.example/r/1", "partner_score": 81})
    );
    let read = vendor.next().await.json();
    assert_eq!(read["eventType"], "record.modified");
    assert_eq!(read["eventData"]["candidateAssessment"]["status"], "COMPLETED");
    server.stop().await;
}
