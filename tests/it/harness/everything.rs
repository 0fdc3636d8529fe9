//! A real server with one of everything that is secret: every kind of credential, a customer of each ATS, an
//! endpoint whose secret was rotated. The secrets are recognisable wherever they come out.

use super::{Customer, PATIENCE, Process, Receiver, Reply};
use crate::greenhouse_flow::send_test;
use serde_json::{Value, json};

pub const API_KEY: &str = "canary-api-key-7Q2mX9";
pub const LIST_KEY: &str = "canary-list-key-4Wz8Lp";
pub const PARTNER_USERNAME: &str = "partner-7";
pub const PARTNER_PASSWORD: &str = "canary-partner-password-9Tn3Rk";
/// A customer's credential, in the account.
pub const ASHBY_KEY: &str = "canary-ashby-key-2Hc6Vd";
/// A vendor's credential, in the integration.
pub const PARTNER_SECRET: &str = "canary-partner-secret-8Fj5Ys";
/// Stands in the URL to which events go, and in that of the list.
pub const URL_TOKEN: &str = "canary-url-token-6Ke3Mu";
const CODENAME: &str = "acme";

pub struct Everything {
    /// Where events go.
    pub vendor: Receiver,
    /// The vendor's package list.
    pub list: Receiver,
    /// The ATSs, as far as they are called.
    pub ats: Receiver,
    pub greenhouse: Customer,
    pub ashby: Customer,
    pub recruitee: Customer,
    /// Of the integration with Greenhouse: what signs calls to the list.
    pub signing_secret: String,
    /// The integration with Greenhouse.
    pub integration: String,
    /// The endpoint.
    pub webhook: String,
    pub webhook_secret: String,
    /// What signed before, and still does.
    pub previous_secret: String,
}

impl Everything {
    /// Sets everything up on an empty database. `events` are what the endpoint gets.
    pub async fn set_up(process: &Process, events: &[&str]) -> Self {
        let (vendor, list, ats) = (
            Receiver::start().await,
            Receiver::start().await,
            Receiver::start().await,
        );
        let greenhouse = json!({
            "provider": "greenhouse", "category": "assessments", "package_list_url": format!("{}/list?token={URL_TOKEN}", list.url),
            "package_list_api_key": LIST_KEY, "partner_username": PARTNER_USERNAME,
            "partner_password": PARTNER_PASSWORD,
        });
        let recruitee = json!({
            "provider": "recruitee", "category": "assessments",
            "credentials": {
                "codename": CODENAME, "partner_secret": PARTNER_SECRET, "api_url": format!("{}/api", ats.url),
            },
        });
        let ashby = json!({
            "provider": "ashby", "category": "assessments", "credentials": {"api_url": ats.url},
        });
        let made = create(process, "/integrations", greenhouse).await;
        create(process, "/integrations", recruitee).await;
        create(process, "/integrations", ashby).await;
        let webhook = json!({"url": format!("{}/hooks?token={URL_TOKEN}", vendor.url), "events": events});
        let endpoint = create(process, "/webhooks", webhook).await;
        let path = format!("/webhooks/{}", text(&endpoint, "id"));
        let rotate = Some(json!({"rotate_secret": true}));
        let rotated = process.vendor(API_KEY, "PATCH", &path, rotate).await;
        Self {
            vendor,
            list,
            ats,
            greenhouse: process.link_with(API_KEY, "greenhouse", &json!({})).await,
            ashby: process
                .link_with(API_KEY, "ashby", &json!({"api_key": ASHBY_KEY}))
                .await,
            recruitee: process.link_with(API_KEY, "recruitee", &json!({})).await,
            signing_secret: text(&made, "signing_secret"),
            integration: text(&made, "id"),
            webhook: path,
            webhook_secret: text(&rotated, "secret"),
            previous_secret: text(&endpoint, "secret"),
        }
    }

    /// Whoever is called by us says that it cannot now.
    pub fn refuse_calls(&self) {
        for receiver in [&self.vendor, &self.ats] {
            receiver.answer(|_| Reply::status(503));
        }
    }

    /// Whoever is called by us is well again.
    pub fn take_calls(&self) {
        for receiver in [&self.vendor, &self.ats] {
            receiver.answer(|_| Reply::status(200));
        }
    }

    /// Places an order in Greenhouse, of which the `number`th candidate's callback has that number.
    pub async fn order_at_greenhouse(&self, process: &Process, number: usize) -> String {
        let sent = send_test(&format!("{}/tests/{number}", self.ats.url));
        let token = &self.greenhouse.token;
        let (status, placed) = process
            .ats(token, "POST", "greenhouse/send_test", sent.to_string())
            .await;
        assert_eq!(status, 200, "{placed}");
        text(&placed, "partner_interview_id")
    }

    /// Places an order in each of the other ATSs.
    pub async fn order_at_the_others(&self, process: &Process) {
        for (token, tail, body) in [
            (
                &self.ashby.token,
                "ashby/assessment.start",
                include_str!("../../fixtures/ashby/full/request.json"),
            ),
            (
                &self.recruitee.token,
                "recruitee/send_candidate",
                include_str!("../../fixtures/recruitee/full/request.json"),
            ),
        ] {
            let (status, placed) = process.ats(token, "POST", tail, body.to_owned()).await;
            assert_eq!(status, 200, "{placed}");
        }
    }

    /// The ids of all orders.
    pub async fn orders(&self, process: &Process) -> Vec<String> {
        let path = "/unified/ats/assessments/orders?page_size=100";
        let page = process.vendor(API_KEY, "GET", path, None).await;
        let orders = page["data"].as_array().unwrap().iter();
        orders.map(|order| text(order, "id")).collect()
    }
}

async fn create(process: &Process, path: &str, body: Value) -> Value {
    process.vendor(API_KEY, "POST", path, Some(body)).await
}

fn text(answer: &Value, field: &str) -> String {
    answer[field].as_str().unwrap().to_owned()
}

impl Process {
    /// An ATS's call with any token and any body; `tail` begins with the provider.
    pub async fn ats(&self, token: &str, method: &str, tail: &str, body: String) -> (u16, Value) {
        let url = format!("{}/external-trigger/{tail}", self.url);
        let request = self.http.request(method.parse().unwrap(), url);
        let request = request.header("content-type", "application/json").body(body);
        let request = match tail.starts_with("recruitee/") {
            true => request.bearer_auth(token),
            false => request.basic_auth(token, Some("")),
        };
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    /// Asks again and again, until `path` answers what `is_there` accepts.
    pub async fn eventually(&self, key: &str, path: &str, is_there: impl Fn(&Value) -> bool) -> Value {
        let patience = tokio::time::Instant::now() + PATIENCE;
        loop {
            let answer = self.vendor(key, "GET", path, None).await;
            if is_there(&answer) {
                return answer;
            }
            assert!(tokio::time::Instant::now() < patience, "{path}: {answer}");
            tokio::task::yield_now().await;
        }
    }
}
