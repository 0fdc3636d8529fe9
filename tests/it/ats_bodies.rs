//! Bodies that an ATS should not send: each is refused with its pointers, kept out of the answer, and logged.

use crate::greenhouse_flow::send_test;
use crate::harness::{Server, refusal};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};

const CALLBACK: &str = "http://127.0.0.1:9/1";

fn without(pointer: &str) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let mut body = send_test(CALLBACK);
    body.pointer_mut(parent)
        .unwrap()
        .as_object_mut()
        .unwrap()
        .remove(key)
        .unwrap();
    body
}

fn with(pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let mut body = send_test(CALLBACK);
    body.pointer_mut(parent).unwrap()[key] = value;
    body
}

#[tokio::test]
async fn each_missing_field_is_named_by_its_pointer() {
    let server = Server::start().await;
    let customer = server.link("greenhouse", "assessments").await;
    for pointer in [
        "/partner_test_id",
        "/candidate",
        "/url",
        "/candidate/first_name",
        "/candidate/last_name",
        "/candidate/email",
        "/candidate/greenhouse_profile_url",
    ] {
        for body in [without(pointer), with(pointer, Value::Null)] {
            let answer = server
                .try_ats(&customer, "POST", "send_test", body.to_string().as_bytes())
                .await;
            assert_eq!(answer.refuses(400, "invalid_body"), [pointer]);
            let log = server.newest_log().await;
            assert_eq!(log["detail"]["errors"], answer.json()["errors"]);
            assert_eq!((&log["status"], &log["success"]), (&json!(400), &json!(false)));
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn each_wrong_type_is_named_by_its_pointer_and_its_value_is_not_repeated() {
    let server = Server::start().await;
    let customer = server.link("greenhouse", "assessments").await;
    let texts = [
        "/url",
        "/sent_by",
        "/candidate/first_name",
        "/candidate/last_name",
        "/candidate/preferred_name",
        "/candidate/email",
        "/candidate/phone_number",
        "/candidate/resume_url",
        "/candidate/greenhouse_profile_url",
    ];
    let ids = [
        "/partner_test_id",
        "/candidate_id",
        "/application_id",
        "/candidate/id",
        "/candidate/candidate_id",
        "/candidate/application_id",
    ];
    let no_text = [
        json!(660066),
        json!(true),
        json!(["s3cret"]),
        json!({"s3cret": "s3cret"}),
    ];
    let no_id = [
        json!(true),
        json!(-660066),
        json!(6600.66),
        json!(["s3cret"]),
        json!({"s3cret": 1}),
        json!(9_223_372_036_854_775_808_u64),
        json!(1e300),
    ];
    let objects = [
        ("/candidate", json!("s3cret")),
        ("/candidate", json!([1])),
        ("/application", json!("s3cret")),
    ];
    let texts = texts
        .iter()
        .flat_map(|at| no_text.iter().map(|value| (*at, value.clone())));
    let ids = ids
        .iter()
        .flat_map(|at| no_id.iter().map(|value| (*at, value.clone())));
    for (pointer, value) in texts.chain(ids).chain(objects) {
        let body = with(pointer, value).to_string();
        let answer = server
            .try_ats(&customer, "POST", "send_test", body.as_bytes())
            .await;
        assert_eq!(answer.refuses(400, "invalid_body"), [pointer], "{body}");
        for sent in [
            "s3cret",
            "660066",
            "6600.66",
            "9223372036854775808",
            "1e300",
            "1e+300",
            "zoe@",
            "Okonkwo",
        ] {
            assert!(!answer.text.contains(sent), "{pointer}: {}", answer.text);
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn what_is_wrong_in_an_error_report_is_named_too() {
    let server = Server::start().await;
    let customer = server.link("greenhouse", "assessments").await;
    for (body, pointers) in [
        (json!({}), vec!["/api_call", "/errors"]),
        (
            json!({"api_call": 1, "errors": "s3cret"}),
            vec!["/api_call", "/errors"],
        ),
        (
            json!({"api_call": "x", "errors": ["a", 2, null]}),
            vec!["/errors/1", "/errors/2"],
        ),
        (
            json!({"api_call": "x", "errors": [], "partner_interview_id": {}}),
            vec!["/partner_interview_id"],
        ),
        (json!([]), vec![""]),
        (json!("s3cret"), vec![""]),
    ] {
        let answer = server
            .try_ats(&customer, "POST", "response_error", body.to_string().as_bytes())
            .await;
        assert_eq!(answer.refuses(400, "invalid_body"), pointers, "{body}");
        assert!(!answer.text.contains("s3cret"));
    }
    server.stop().await;
}

#[tokio::test]
async fn what_is_not_json_that_everybody_can_read_is_refused() {
    let server = Server::start().await;
    let customer = server.link("greenhouse", "assessments").await;
    let good = send_test(CALLBACK).to_string();
    let nested = |levels: usize| {
        let deep = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        good.replacen('{', &format!("{{\"deep\":{deep},"), 1).into_bytes()
    };
    let inserted = |text: &str| good.replacen('{', &format!("{{\"x\":{text},"), 1).into_bytes();
    let mut bodies: Vec<Vec<u8>> = [
        "",
        " ",
        "null x",
        "{",
        "{\"a\":}",
        "{'a':1}",
        "{\"a\":1,}",
        "[1,2",
        "nul",
        "<html></html>",
        "\u{feff}{}",
        "{}{}",
        "a=1&b=2",
        "\"\\x\"",
        "01",
        "NaN",
        "// {}",
        "\u{0}",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into();
    bodies.extend([
        nested(64),
        nested(5_000),
        "[".repeat(1_000_000).into_bytes(),
        "{\"a\":".repeat(100_000).into_bytes(),
        inserted("\"\\u0000\""),
        inserted("\"\0\""),
        inserted("\"\n\""),
        inserted("\"\\ud83d\""),
        inserted("\"\\ude00\\ud83d\""),
        inserted("{\"\\ud800\":1}"),
        inserted("{\"k\\u0000\":1}"),
        good[..good.len() - 1].as_bytes().to_vec(),
        format!("{good}{good}").into_bytes(),
    ]);
    for bad in [
        &b"\xff"[..],
        b"\xc3\x28",
        b"\xed\xa0\x80",
        b"\xc0\x80",
        b"\xf5\x80\x80\x80",
    ] {
        let mut body = inserted("\"@\"");
        let at = body.iter().position(|byte| *byte == b'@').unwrap();
        body.splice(at..=at, bad.iter().copied());
        bodies.push(body);
    }
    for body in bodies {
        let answer = server.try_ats(&customer, "POST", "send_test", &body).await;
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        assert_eq!(answer.status, 400, "{shown}");
        assert_eq!(answer.refuses(400, "malformed_json"), [""], "{shown}");
        assert!(!answer.text.contains("Okonkwo"), "{}", answer.text);
    }
    assert_eq!(
        server.get("/unified/ats/assessments/orders").await["data"],
        json!([])
    );
    server.stop().await;
}

#[tokio::test]
async fn a_body_may_nest_64_levels_and_its_order_and_event_can_be_read_again() {
    let server = Server::start().await;
    let customer = server.link("greenhouse", "assessments").await;
    let deep = format!("{}{}", "[".repeat(63), "]".repeat(63));
    let body = send_test(CALLBACK)
        .to_string()
        .replacen('{', &format!("{{\"deep\":{deep},"), 1);
    let answer = server
        .try_ats(&customer, "POST", "send_test", body.as_bytes())
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    for path in ["/unified/ats/assessments/orders", "/events?event_type=record.new"] {
        let answer = server.try_vendor("GET", path, None).await;
        assert!(
            answer.status == 200 && answer.text.contains(&deep),
            "{}",
            answer.text
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn a_key_that_stands_twice_is_refused_where_we_read_it() {
    let server = Server::start().await;
    let customer = server.link("greenhouse", "assessments").await;
    let body = send_test(CALLBACK)
        .to_string()
        .replacen('{', "{\"url\":\"http://s3cret.example\",", 1);
    let answer = server
        .try_ats(&customer, "POST", "send_test", body.as_bytes())
        .await;
    answer.refuses(400, "invalid_body");
    assert_eq!(answer.json()["errors"][0]["code"], "duplicate_key");
    assert!(!answer.text.contains("s3cret"));
    server.stop().await;
}

fn head(path: &str, authorization: &str, framing: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: crosscheck\r\nauthorization: {authorization}\r\n\
         content-type: application/json\r\nconnection: close\r\n{framing}\r\n\r\n"
    )
}

fn in_chunks(body: &[u8]) -> Vec<u8> {
    let mut chunked = Vec::with_capacity(body.len() + 1024);
    for chunk in body.chunks(64 * 1024) {
        chunked.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        chunked.extend_from_slice(chunk);
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    chunked
}

#[tokio::test]
async fn a_sender_of_too_much_gets_to_read_413_however_it_sends() {
    let server = Server::start().await;
    let customer = server.link("greenhouse", "assessments").await;
    let ats = format!("Basic {}", BASE64.encode(format!("{}:", customer.token)));
    let vendor = format!("Bearer {}", crate::harness::API_KEY);
    for megabytes in [3, 30] {
        let body = vec![b'a'; megabytes * 1024 * 1024];
        let length = format!("content-length: {}", body.len());
        for (path, authorization) in [
            ("/external-trigger/greenhouse/send_test", &ats),
            ("/webhooks", &vendor),
        ] {
            for (framing, sent) in [
                (length.as_str(), body.clone()),
                ("transfer-encoding: chunked", in_chunks(&body)),
            ] {
                let head = head(path, authorization, framing);
                let (status, text) = server.send_all_then_read(head, sent).await;
                assert_eq!(status, 413, "{megabytes} MiB to {path}, {framing}");
                refusal(&serde_json::from_str(&text).unwrap(), 413, "payload_too_large");
            }
        }
    }
    assert_eq!(server.newest_log().await["error_code"], "payload_too_large");
    server.stop().await;
}

#[tokio::test]
async fn a_stranger_who_sends_too_much_gets_to_read_that_it_is_a_stranger() {
    let server = Server::start().await;
    let body = vec![b'a'; 3 * 1024 * 1024];
    for path in ["/external-trigger/greenhouse/send_test", "/webhooks"] {
        let head = head(path, "Basic Zm9v", &format!("content-length: {}", body.len()));
        let (status, _) = server.send_all_then_read(head, body.clone()).await;
        assert_eq!(status, 401);
    }
    server.stop().await;
}

#[tokio::test]
async fn the_limit_is_one_mebibyte_exactly() {
    let server = Server::start().await;
    let customer = server.link("greenhouse", "assessments").await;
    let empty = with("/padding", json!("")).to_string();
    let padded = |size: usize| with("/padding", json!("x".repeat(size - empty.len()))).to_string();
    let limit = 1024 * 1024;
    let answer = server
        .try_ats(&customer, "POST", "send_test", padded(limit).as_bytes())
        .await;
    assert_eq!(answer.status, 200);
    let answer = server
        .try_ats(&customer, "POST", "send_test", padded(limit + 1).as_bytes())
        .await;
    answer.refuses(413, "payload_too_large");
    server.stop().await;
}
