//! How many requests a key may make, and what it is told of it.

use crate::harness::{API_KEY, Answered, OTHER_API_KEY, Process, Server, Workspace, run};
use crosscheck::config::{Rate, Role};
use serde_json::json;
use std::time::Duration;

async fn limited(requests: u32) -> Server {
    let directory = Workspace::new();
    let url = directory.database_url();
    let rate = Rate {
        requests,
        window_ms: 60_000,
    };
    Server::start_limited(Role::All, directory, url, Some(rate)).await
}

async fn call(server: &Server, key: &str, method: &str, path: &str) -> Answered {
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str())];
    server.send(method, path, &headers, Vec::new()).await
}

/// Limit and what remains; the window ends within a minute.
fn told(answer: &Answered) -> (&str, &str) {
    let reset: u64 = answer.header("ratelimit-reset").parse().unwrap();
    assert!((1..=60).contains(&reset), "{reset}");
    (
        answer.header("ratelimit-limit"),
        answer.header("ratelimit-remaining"),
    )
}

#[tokio::test]
async fn every_answer_says_what_remains_and_one_too_many_is_told_how_long_to_wait() {
    let server = limited(5).await;
    for (method, path, status, remaining) in [
        ("GET", "/webhooks", 200, "4"),
        ("GET", "/webhooks/whk_0000000000000000000000", 404, "3"),
        ("GET", "/webhooks?page_size=0", 400, "2"),
        ("POST", "/webhooks", 400, "1"),
        ("POST", "/events/replay", 400, "0"),
    ] {
        let answer = call(&server, API_KEY, method, path).await;
        assert_eq!(answer.status, status, "{}", answer.text);
        assert_eq!(told(&answer), ("5", remaining), "{method} {path}");
        assert_eq!(answer.header("retry-after"), "");
    }
    for method in ["GET", "POST"] {
        let refused = call(&server, API_KEY, method, "/webhooks").await;
        refused.refuses(429, "rate_limited");
        assert_eq!(told(&refused), ("5", "0"));
        assert_eq!(refused.header("retry-after"), refused.header("ratelimit-reset"));
    }
    let refused = call(&server, API_KEY, "GET", "/webhooks").await;
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    server.advance(Duration::from_secs(wait));
    let answer = call(&server, API_KEY, "GET", "/webhooks").await;
    assert_eq!((answer.status, told(&answer)), (200, ("5", "4")));
    server.stop().await;
}

#[tokio::test]
async fn keys_are_counted_apart_and_whoever_has_none_is_not_counted() {
    let server = limited(2).await;
    server.add_project().await;
    for _ in 0..3 {
        let stranger = call(&server, "not-a-key-of-anybody", "GET", "/webhooks").await;
        stranger.refuses(401, "unauthorized");
        assert_eq!(stranger.header("ratelimit-limit"), "");
    }
    for (key, remaining) in [
        (API_KEY, "1"),
        (OTHER_API_KEY, "1"),
        (API_KEY, "0"),
        (OTHER_API_KEY, "0"),
    ] {
        let answer = call(&server, key, "GET", "/webhooks").await;
        assert_eq!((answer.status, told(&answer)), (200, ("2", remaining)));
    }
    call(&server, API_KEY, "GET", "/webhooks")
        .await
        .refuses(429, "rate_limited");
    server.stop().await;
}

#[tokio::test]
async fn what_a_key_may_not_do_counts_as_well() {
    let server = limited(3).await;
    let (_, read) = server.new_key(json!({"name": "r", "scope": "read"})).await;
    for remaining in ["2", "1", "0"] {
        let answer = call(&server, &read, "POST", "/webhooks").await;
        answer.refuses(403, "insufficient_scope");
        assert_eq!(told(&answer), ("3", remaining));
    }
    let answer = call(&server, &read, "POST", "/webhooks").await;
    answer.refuses(429, "rate_limited");
    server.stop().await;
}

#[tokio::test]
async fn an_ats_is_not_limited() {
    let server = limited(1).await;
    let customer = server.link("greenhouse", "assessments").await;
    for _ in 0..4 {
        let answer = server.try_ats(&customer, "GET", "list_tests", b"").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("ratelimit-limit"), "");
    }
    server.stop().await;
}

#[tokio::test]
async fn the_setting_is_a_rate_or_off() {
    const KEY: (&str, &str) = ("CROSSCHECK_API_KEY", API_KEY);
    for (setting, limit) in [
        ("", Some("1000")),
        ("7/s", Some("7")),
        ("8/min", Some("8")),
        (" 9/h ", Some("9")),
        ("off", None),
    ] {
        let directory = Workspace::new();
        let process = Process::start(directory.path(), &[KEY, ("CROSSCHECK_RATE_LIMIT", setting)]);
        let request = process.http.get(format!("{}/webhooks", process.url));
        let answer = request.bearer_auth(API_KEY).send().await.unwrap();
        let told = answer.headers().get("ratelimit-limit");
        assert_eq!(told.map(|value| value.to_str().unwrap()), limit, "{setting:?}");
        process.terminate();
    }
    let directory = Workspace::new();
    for wrong in [
        "0/min",
        "-1/s",
        "10",
        "10/day",
        "/min",
        "1.5/s",
        "10 / min",
        "on",
        "4294967296/s",
    ] {
        let ended = run(
            directory.path(),
            &[KEY, ("CROSSCHECK_RATE_LIMIT", wrong)],
            &["serve"],
            "",
        );
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(!ended.status.success(), "{wrong}");
        assert!(
            said.contains("CROSSCHECK_RATE_LIMIT") && said.contains("1000/min"),
            "{said}"
        );
    }
}
