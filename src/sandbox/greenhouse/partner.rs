//! The partner as Greenhouse's partner support enters it: the customer's API key, four URLs, and the
//! credentials with which the partner calls back.

use super::site::Site;
use crate::sandbox::ats::refusal;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use reqwest::Url;
use serde::Deserialize;

/// Greenhouse takes keys of fewer characters than this.
const KEY_LIMIT: usize = 171;

/// What partner support types.
#[derive(Deserialize)]
pub struct Form {
    api_key: String,
    list_tests_url: String,
    send_test_url: String,
    test_status_url: String,
    response_error_url: String,
    partner_username: Option<String>,
    partner_password: Option<String>,
}

/// A partner that was entered.
#[derive(Clone)]
pub struct Partner {
    /// The customer's API key: the Basic user name of every call to the partner.
    pub api_key: String,
    /// GET: what can be sent.
    pub list_tests_url: Url,
    /// POST: send this.
    pub send_test_url: Url,
    /// GET: how it stands.
    pub test_status_url: Url,
    /// POST: your answer was malformed.
    pub response_error_url: Url,
    credentials: Option<(String, String)>,
}

/// `PUT /control/partner`.
pub async fn enter(site: Data<Site>, form: Json<Form>) -> HttpResponse {
    match Partner::read(form.into_inner()) {
        Ok(partner) => {
            site.memory().partner = Some(partner);
            HttpResponse::NoContent().finish()
        }
        Err(reason) => refusal(StatusCode::BAD_REQUEST, &reason),
    }
}

impl Partner {
    fn read(form: Form) -> Result<Self, String> {
        if form.api_key.is_empty() || form.api_key.len() >= KEY_LIMIT || form.api_key.contains(':') {
            return Err(format!(
                "api_key must have 1 to {} characters, and no colon",
                KEY_LIMIT - 1
            ));
        }
        let credentials = match (form.partner_username, form.partner_password) {
            (Some(user), Some(password)) => Some((user, password)),
            (None, None) => None,
            _ => return Err("partner_username and partner_password belong together".to_owned()),
        };
        Ok(Self {
            api_key: form.api_key,
            list_tests_url: web_url("list_tests_url", &form.list_tests_url)?,
            send_test_url: web_url("send_test_url", &form.send_test_url)?,
            test_status_url: web_url("test_status_url", &form.test_status_url)?,
            response_error_url: web_url("response_error_url", &form.response_error_url)?,
            credentials,
        })
    }

    /// Whether an `Authorization` header is this partner's: its own credentials where it has any, else the
    /// customer's key with an empty password.
    pub fn recognises(&self, authorization: &str) -> bool {
        let (user, password) = match &self.credentials {
            Some((user, password)) => (user.as_str(), password.as_str()),
            None => (self.api_key.as_str(), ""),
        };
        let Some((scheme, encoded)) = authorization.split_once(' ') else {
            return false;
        };
        let expected = format!("{user}:{password}");
        scheme.eq_ignore_ascii_case("basic")
            && BASE64
                .decode(encoded.trim())
                .is_ok_and(|sent| sent == expected.as_bytes())
    }
}

fn web_url(name: &str, text: &str) -> Result<Url, String> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .ok_or_else(|| format!("{name} must be an absolute http(s) URL"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn form(change: &Value) -> Result<Partner, String> {
        let mut form = json!({
            "api_key": "key-of-the-customer",
            "list_tests_url": "http://127.0.0.1:9/list",
            "send_test_url": "http://127.0.0.1:9/send",
            "test_status_url": "http://127.0.0.1:9/status",
            "response_error_url": "http://127.0.0.1:9/error",
        });
        for (key, value) in change.as_object().unwrap() {
            form[key] = value.clone();
        }
        Partner::read(serde_json::from_value(form).unwrap())
    }

    fn basic(user: &str, password: &str) -> String {
        format!("Basic {}", BASE64.encode(format!("{user}:{password}")))
    }

    #[test]
    fn without_partner_credentials_the_customers_key_calls_back() {
        let partner = form(&json!({})).unwrap();
        assert!(partner.recognises(&basic("key-of-the-customer", "")));
        for stranger in [
            basic("key-of-the-customer", "x"),
            basic("key", ""),
            "Bearer key-of-the-customer".to_owned(),
            String::new(),
        ] {
            assert!(!partner.recognises(&stranger), "{stranger}");
        }
    }

    #[test]
    fn with_partner_credentials_nothing_else_does() {
        let partner = form(&json!({"partner_username": "vendor", "partner_password": "p:w"})).unwrap();
        assert!(partner.recognises(&basic("vendor", "p:w")));
        assert!(!partner.recognises(&basic("vendor", "")));
        assert!(!partner.recognises(&basic("key-of-the-customer", "")));
    }

    #[test]
    fn what_greenhouse_would_not_take_is_refused() {
        for (change, named) in [
            (json!({"api_key": ""}), "api_key"),
            (json!({"api_key": "k".repeat(171)}), "api_key"),
            (json!({"send_test_url": "/send"}), "send_test_url"),
            (json!({"list_tests_url": "ftp://x/y"}), "list_tests_url"),
            (json!({"partner_username": "vendor"}), "partner_password"),
        ] {
            let reason = form(&change).err().unwrap();
            assert!(reason.contains(named), "{change}: {reason}");
        }
        assert!(form(&json!({"api_key": "k".repeat(170)})).is_ok());
    }
}
