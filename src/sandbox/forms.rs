//! What a person types into a simulated ATS: the partner, and an order. The same for every ATS; what only one of
//! them has are further keys, which it reads itself.

use super::refusal::Refusal;
use actix_web::web::JsonConfig;
use reqwest::Url;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// `PUT /control/partner`.
#[derive(Deserialize)]
pub struct PartnerForm {
    /// The trigger token, with which the ATS calls.
    pub token: String,
    /// Where the partner is: what stands before the path of each operation, for an ATS that knows no more.
    pub base_url: String,
    /// Where each operation is.
    #[serde(default)]
    endpoint_urls: BTreeMap<String, String>,
    /// With which the partner calls, where the ATS has such.
    pub partner_username: Option<String>,
    /// Likewise.
    pub partner_password: Option<String>,
    /// What else the customer and the partner have agreed on.
    #[serde(default)]
    credentials: BTreeMap<String, String>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

impl PartnerForm {
    /// Whether what every ATS needs can be right.
    pub fn check(&self) -> Result<(), String> {
        // Every ATS sends it in a header, most as a user name.
        let speakable = |c: char| c.is_ascii_graphic() && c != ':';
        if self.token.is_empty() || !self.token.chars().all(speakable) {
            return Err("token must be of visible ASCII characters without a colon, at least one".to_owned());
        }
        web_url("base_url", &self.base_url).map(|_| ())
    }

    /// The URL of an operation that this ATS needs.
    pub fn url(&self, operation: &str) -> Result<Url, String> {
        self.optional_url(operation)?
            .ok_or_else(|| format!("endpoint_urls.{operation} is missing"))
    }

    /// The URL of an operation that this ATS can do without.
    pub fn optional_url(&self, operation: &str) -> Result<Option<Url>, String> {
        let url = self.endpoint_urls.get(operation);
        url.map(|url| web_url(&format!("endpoint_urls.{operation}"), url))
            .transpose()
    }

    /// One of the credentials.
    pub fn credential(&self, name: &str) -> Option<String> {
        self.credentials
            .get(name)
            .filter(|value| !value.is_empty())
            .cloned()
    }

    /// One of the credentials, which this ATS needs.
    pub fn needed_credential(&self, name: &str) -> Result<String, String> {
        self.credential(name)
            .ok_or_else(|| format!("credentials.{name} is missing"))
    }

    /// The keys that only this ATS has.
    pub fn own_keys<Keys: DeserializeOwned>(&mut self) -> Result<Keys, String> {
        own_keys(&mut self.more)
    }
}

/// For an ATS that has no further keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoOwnKeys {}

/// `POST /control/orders`.
#[derive(Deserialize)]
pub struct OrderForm {
    /// The package that was chosen.
    pub package: GivenId,
    /// For whom.
    pub candidate: Candidate,
    #[serde(flatten)]
    more: Map<String, Value>,
}

impl OrderForm {
    /// The keys that only this ATS has.
    pub fn own_keys<Keys: DeserializeOwned>(&mut self) -> Result<Keys, Refusal> {
        own_keys(&mut self.more).map_err(Refusal::bad_form)
    }
}

/// The candidate as every ATS knows one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Where the invitation goes.
    pub email: String,
    /// Telephone number.
    pub phone: Option<String>,
    /// Where the CV is.
    pub resume_url: Option<String>,
}

/// An id as it was given: a text or a whole number.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub enum GivenId {
    /// 7
    Number(u64),
    /// "7"
    Text(String),
}

impl GivenId {
    /// The id as a text.
    pub fn into_text(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text,
        }
    }
}

/// An absolute http(s) URL. The error names the field.
pub fn web_url(name: &str, text: &str) -> Result<Url, String> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .ok_or_else(|| format!("{name} must be an absolute http(s) URL"))
}

fn own_keys<Keys: DeserializeOwned>(more: &mut Map<String, Value>) -> Result<Keys, String> {
    serde_json::from_value(Value::Object(std::mem::take(more))).map_err(|error| error.to_string())
}

/// Control routes are typed by hand: a content type is not insisted on, and a mistake is named.
pub fn lenient_json() -> JsonConfig {
    JsonConfig::default()
        .content_type_required(false)
        .error_handler(|mistake, _| Refusal::bad_form(mistake.to_string()).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn partner(change: &Value) -> PartnerForm {
        let mut form = json!({
            "token": "key-of-the-customer",
            "base_url": "http://127.0.0.1:9/external-trigger/acme",
            "endpoint_urls": {"send": "http://127.0.0.1:9/send?tenant-id=north", "odd": "ftp://x/y", "part": "/send"},
            "credentials": {"codename": "acme", "secret": ""},
        });
        for (key, value) in change.as_object().unwrap() {
            form[key] = value.clone();
        }
        serde_json::from_value(form).unwrap()
    }

    #[test]
    fn what_no_ats_would_take_of_a_partner_is_refused() {
        assert_eq!(partner(&json!({})).check(), Ok(()));
        for (change, named) in [
            (json!({"token": ""}), "token"),
            (json!({"token": "a:b"}), "token"),
            (json!({"token": "a b"}), "token"),
            (json!({"base_url": "/external-trigger/acme"}), "base_url"),
        ] {
            let reason = partner(&change).check().unwrap_err();
            assert!(reason.contains(named), "{change}: {reason}");
        }
    }

    #[test]
    fn what_an_ats_needs_of_a_partner_is_named_where_it_is_missing() {
        let mut form = partner(&json!({"kind": 1}));
        assert_eq!(form.url("send").unwrap().query(), Some("tenant-id=north"));
        assert_eq!(form.optional_url("cancel"), Ok(None));
        for operation in ["cancel", "odd", "part"] {
            assert!(form.url(operation).unwrap_err().contains(operation));
        }
        assert_eq!(form.credential("secret"), None);
        assert!(form.needed_credential("secret").unwrap_err().contains("secret"));
        assert_eq!(form.needed_credential("codename"), Ok("acme".to_owned()));
        assert!(form.own_keys::<NoOwnKeys>().err().unwrap().contains("kind"));
    }

    #[test]
    fn a_mistyped_key_of_an_order_is_named() {
        let candidate = json!({"first_name": "Ada", "last_name": "Moe", "email": "ada@mail.example"});
        let order = json!({"package": 7, "candidate": candidate, "sentby": "x"});
        let mut order: OrderForm = serde_json::from_value(order).unwrap();
        assert_eq!(order.package.clone().into_text(), "7");
        let refusal = order.own_keys::<NoOwnKeys>().err().unwrap();
        assert!(refusal.to_string().contains("sentby"));
        let candidate =
            json!({"first_name": "Ada", "last_name": "Moe", "email": "a@b.example", "telephone": "1"});
        let order = json!({"package": "t1", "candidate": candidate});
        assert!(serde_json::from_value::<OrderForm>(order).is_err());
    }
}
