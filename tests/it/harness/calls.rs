//! Calls as an unfriendly client makes them, and the shape that every refusal has.

use super::documented::is_documented;
use super::server::{Customer, Server};
use reqwest::Response;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;

/// A response, read.
pub struct Answered {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answered {
    pub async fn of(response: Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{error} in {:?} ({})", self.text, self.status))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// It is this refusal, in the one error shape; its pointers.
    pub fn refuses(&self, status: u16, code: &str) -> Vec<String> {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/json");
        refusal(&self.json(), status, code)
    }
}

/// Checks the one error shape; returns the pointers, sorted.
pub fn refusal(body: &Value, status: u16, code: &str) -> Vec<String> {
    let keys: Vec<_> = body
        .as_object()
        .unwrap_or_else(|| panic!("{body}"))
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        keys,
        ["errorCode", "errors", "message", "statusCode", "timestamp"],
        "{body}"
    );
    assert_eq!(
        (&body["statusCode"], &body["errorCode"]),
        (&json!(status), &json!(code)),
        "{body}"
    );
    assert!(!body["message"].as_str().unwrap().is_empty());
    let timestamp = body["timestamp"].as_str().unwrap();
    assert!(timestamp.len() == 24 && timestamp.ends_with('Z'), "{body}");
    let mut pointers: Vec<_> = body["errors"].as_array().unwrap().iter().map(pointer).collect();
    pointers.sort();
    pointers
}

fn pointer(violation: &Value) -> String {
    for key in ["code", "message"] {
        assert!(!violation[key].as_str().unwrap().is_empty(), "{violation}");
    }
    violation["pointer"].as_str().unwrap().to_owned()
}

impl Server {
    /// A vendor's call with any headers and any bytes; no key unless a header gives one.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answered {
        let url = format!("{}{path}", self.url);
        let mut request = self.http.request(method.parse().unwrap(), url).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answered = Answered::of(request.send().await.unwrap()).await;
        is_documented(method, path, answered.status, &answered.text);
        answered
    }

    /// A vendor's call with its key, of which the answer is looked at.
    pub async fn try_vendor(&self, method: &str, path: &str, body: Option<&Value>) -> Answered {
        let bearer = format!("Bearer {}", super::server::API_KEY);
        let body = body.map(Value::to_string).unwrap_or_default();
        self.send(method, path, &[("authorization", &bearer)], body.into_bytes())
            .await
    }

    /// A vendor's call for one account, or of any other kind that headers make.
    pub async fn try_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answered {
        let bearer = format!("Bearer {}", super::server::API_KEY);
        let mut all = vec![("authorization", bearer.as_str())];
        all.extend_from_slice(headers);
        let body = body.map(Value::to_string).unwrap_or_default();
        self.send(method, path, &all, body.into_bytes()).await
    }

    /// An ATS's call with the customer's token and any bytes.
    pub async fn try_ats(&self, customer: &Customer, method: &str, tail: &str, body: &[u8]) -> Answered {
        let response = self.ats_raw(
            &customer.base_url,
            Some(&customer.token),
            method,
            tail,
            Some(body.to_vec()),
        );
        Answered::of(response.await).await
    }

    /// Places an order; its id.
    pub async fn order(&self, customer: &Customer, callback: &str) -> String {
        let sent = crate::greenhouse_flow::send_test(callback);
        let placed = self.ats(customer, "POST", "send_test", Some(sent), 200).await;
        placed["partner_interview_id"].as_str().unwrap().to_owned()
    }

    /// How an order stands for the ATS.
    pub async fn test_status(&self, customer: &Customer, order: &str) -> Value {
        let tail = format!("test_status?partner_interview_id={order}");
        self.ats(customer, "GET", &tail, None, 200).await
    }

    /// How many events of a type the project has about a record.
    pub async fn count_events(&self, event_type: &str, record: &str) -> usize {
        let path = format!("/events?event_type={event_type}&record_id={record}&page_size=100");
        self.get(&path).await["data"].as_array().unwrap().len()
    }

    /// What the request log has of the newest call of an ATS's.
    pub async fn newest_log(&self) -> Value {
        let path = "/requests/logs?page_size=1&filter[directions]=ats_to_us";
        self.get(path).await["data"][0].clone()
    }

    /// Sends a head and then the whole body before it reads a byte, as simple clients do.
    pub async fn send_all_then_read(&self, head: String, body: Vec<u8>) -> (u16, String) {
        let address = self.url.strip_prefix("http://").unwrap().to_owned();
        tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(&address).unwrap();
            stream.set_read_timeout(Some(super::PATIENCE)).unwrap();
            stream.set_write_timeout(Some(super::PATIENCE)).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(&body).expect("the server takes the whole body");
            let mut answer = String::new();
            stream
                .read_to_string(&mut answer)
                .expect("the answer can be read");
            let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
            let body = answer.split_once("\r\n\r\n").unwrap().1.to_owned();
            (status, body)
        })
        .await
        .unwrap()
    }
}
