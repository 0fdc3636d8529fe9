//! What the operator's monitoring is told.

use crate::greenhouse_flow::send_test;
use crate::harness::{API_KEY, Process, Receiver, Reply, Server, Workspace, run};
use serde_json::json;
use std::collections::HashMap;
use std::net::TcpListener;
use std::time::Duration;

/// Every sample by its name and labels.
async fn samples(server: &Server) -> HashMap<String, f64> {
    let answer = server.send("GET", "/metrics", &[], Vec::new()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let lines = answer.text.lines().filter(|line| !line.starts_with('#'));
    let samples = lines.map(|line| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        (name.to_owned(), value.parse().unwrap())
    });
    samples.collect()
}

#[tokio::test]
async fn what_atss_ask_and_what_leaves_is_counted_and_timed() {
    let server = Server::start().await;
    let vendor = Receiver::start().await;
    let mut ats = Receiver::start().await;
    server.webhook(&vendor.url, &["record.new"]).await;
    let customer = server.link("greenhouse", "assessments").await;
    let order = send_test(&format!("{}/tests/1", ats.url));
    let place = || server.ats(&customer, "POST", "send_test", Some(order.clone()), 200);
    let placed = place().await;
    place().await;
    server
        .ats(&customer, "POST", "send_test", Some(json!({})), 400)
        .await;
    let id = placed["partner_interview_id"].as_str().unwrap();
    ats.answer(|_| Reply::status(404));
    let path = format!("/unified/ats/assessments/orders/{id}/result");
    let result = json!({"score": {"value": "81"}, "result_url": "https://vendor.example/r/1"});
    server.vendor("PATCH", &path, Some(result), 200).await;
    ats.next().await;
    server
        .eventually("/pushes", |page| page["data"][0]["status"] == "rejected")
        .await;

    let samples = samples(&server).await;
    let call =
        |status: u16| format!("{{provider=\"greenhouse\",operation=\"send_test\",status=\"{status}\"}}");
    let route = "/external-trigger/{provider}/{tail:.*}";
    for (sample, value) in [
        (format!("crosscheck_ats_calls_total{}", call(200)), 2.0),
        (format!("crosscheck_ats_calls_total{}", call(400)), 1.0),
        (
            "crosscheck_orders_total{provider=\"greenhouse\",outcome=\"placed\"}".to_owned(),
            1.0,
        ),
        (
            "crosscheck_orders_total{provider=\"greenhouse\",outcome=\"repeated\"}".to_owned(),
            1.0,
        ),
        (
            "crosscheck_attempts_total{kind=\"delivery\",provider=\"greenhouse\",outcome=\"arrived\"}"
                .to_owned(),
            1.0,
        ),
        (
            "crosscheck_attempts_total{kind=\"push\",provider=\"greenhouse\",outcome=\"never\"}".to_owned(),
            1.0,
        ),
        (
            "crosscheck_jobs_ended_total{kind=\"push\",status=\"rejected\"}".to_owned(),
            1.0,
        ),
        ("crosscheck_attempt_seconds_count{kind=\"push\"}".to_owned(), 1.0),
        (
            format!("crosscheck_request_seconds_count{{route=\"{route}\"}}"),
            3.0,
        ),
        (
            format!("crosscheck_requests_total{{method=\"POST\",route=\"{route}\",status=\"200\"}}"),
            2.0,
        ),
        ("crosscheck_oldest_due_seconds".to_owned(), 0.0),
    ] {
        assert_eq!(samples.get(&sample), Some(&value), "{sample} in {samples:#?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn nothing_that_a_caller_makes_up_becomes_a_label() {
    let server = Server::start().await;
    for number in 0..40 {
        server
            .send("GET", &format!("/made/up/{number}"), &[], Vec::new())
            .await;
        server
            .send(&format!("MADEUP{number}"), "/webhooks", &[], Vec::new())
            .await;
        let at = format!("{}/external-trigger/ats{number}", server.url);
        server
            .ats_raw(&at, Some("token"), "GET", &format!("tail{number}"), None)
            .await;
    }
    let samples = samples(&server).await;
    let requests = samples.keys().filter(|name| name.contains("_requests_total"));
    assert_eq!(requests.count(), 3, "{samples:#?}");
    let made_up = |name: &&String| {
        ["made", "MADEUP", "ats1", "tail1"]
            .iter()
            .any(|word| name.contains(word))
    };
    assert_eq!(samples.keys().find(made_up), None);
    let unknown = "crosscheck_requests_total{method=\"GET\",route=\"none\",status=\"404\"}";
    assert_eq!(samples.get(unknown), Some(&40.0), "{samples:#?}");
    server.stop().await;
}

#[tokio::test]
async fn what_is_due_and_does_not_leave_is_seen_to_wait() {
    let server = Server::start().await;
    // Connections wait to be accepted, for ever.
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", hanging.local_addr().unwrap());
    server.webhook(&url, &["record.new"]).await;
    let customer = server.link("greenhouse", "assessments").await;
    // More than an endpoint of which nothing is known is sent at a time.
    for number in 0..5 {
        let order = send_test(&format!("https://ats.example/tests/{number}"));
        server.ats(&customer, "POST", "send_test", Some(order), 200).await;
    }
    server.advance(Duration::from_secs(40));
    let overdue = samples(&server).await["crosscheck_oldest_due_seconds"];
    assert!((40.0..60.0).contains(&overdue), "{overdue}");
}

#[tokio::test]
async fn a_key_that_is_set_for_them_opens_the_metrics_and_no_other_does() {
    const KEY: &str = "the-key-of-the-monitoring";
    let directory = Workspace::new();
    let env = [("CROSSCHECK_API_KEY", API_KEY), ("CROSSCHECK_METRICS_KEY", KEY)];
    let process = Process::start(directory.path(), &env);
    let metrics = || process.http.get(format!("{}/metrics", process.url));
    let answer = metrics().bearer_auth(KEY).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().contains("crosscheck_build_info"));
    for refused in [
        metrics(),
        metrics().bearer_auth(API_KEY),
        metrics().bearer_auth(&KEY[1..]),
        metrics().bearer_auth(""),
    ] {
        let answer = refused.send().await.unwrap();
        assert_eq!(answer.status(), 401);
        let body = answer.text().await.unwrap();
        assert!(
            body.contains("CROSSCHECK_METRICS_KEY") && !body.contains(KEY),
            "{body}"
        );
    }
    process.terminate();
    let short = [
        ("CROSSCHECK_API_KEY", API_KEY),
        ("CROSSCHECK_METRICS_KEY", "too-short"),
    ];
    let ended = run(directory.path(), &short, &["serve"], "");
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(
        said.contains("CROSSCHECK_METRICS_KEY: it must have 16 to 170"),
        "{said}"
    );
    assert!(!said.contains("too-short"));
}
