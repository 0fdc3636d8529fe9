//! The partner as Greenhouse's partner support enters it: the customer's API key, four URLs, and the
//! credentials with which the partner calls back.

use crate::sandbox::forms::{NoOwnKeys, PartnerForm};
use crate::sandbox::inbound::Received;
use reqwest::Url;

/// Greenhouse takes keys of fewer characters than this.
const KEY_LIMIT: usize = 171;

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

impl Partner {
    /// What partner support has typed. An error says what Greenhouse would not take.
    pub fn read(mut form: PartnerForm) -> Result<Self, String> {
        form.own_keys::<NoOwnKeys>()?;
        if form.token.len() >= KEY_LIMIT {
            return Err(format!("token must have at most {} characters", KEY_LIMIT - 1));
        }
        Ok(Self {
            list_tests_url: form.url("list_tests")?,
            send_test_url: form.url("send_test")?,
            test_status_url: form.url("test_status")?,
            response_error_url: form.url("response_error")?,
            credentials: match (form.partner_username, form.partner_password) {
                (Some(user), Some(password)) => Some((user, password)),
                (None, None) => None,
                _ => return Err("partner_username and partner_password belong together".to_owned()),
            },
            api_key: form.token,
        })
    }

    /// Whether a call is this partner's: by its own credentials where it has any, else by the customer's key with
    /// an empty password.
    pub fn recognises(&self, call: &Received<'_>) -> bool {
        match &self.credentials {
            Some((user, password)) => call.is_from(user, password),
            None => call.is_from(&self.api_key, ""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn form(change: &Value) -> Result<Partner, String> {
        let urls = ["list_tests", "send_test", "test_status", "response_error"]
            .map(|operation| (operation, format!("http://127.0.0.1:9/{operation}")));
        let mut form = json!({
            "token": "key-of-the-customer",
            "base_url": "http://127.0.0.1:9",
            "endpoint_urls": std::collections::BTreeMap::from(urls),
        });
        for (key, value) in change.as_object().unwrap() {
            form[key] = value.clone();
        }
        Partner::read(serde_json::from_value(form).unwrap())
    }

    #[test]
    fn each_url_is_the_one_of_its_operation() {
        let partner = form(&json!({})).unwrap();
        let urls = [
            partner.list_tests_url,
            partner.send_test_url,
            partner.test_status_url,
            partner.response_error_url,
        ];
        assert_eq!(
            urls.map(|url| url.path().to_owned()),
            ["/list_tests", "/send_test", "/test_status", "/response_error"]
        );
    }

    #[test]
    fn what_greenhouse_would_not_take_is_refused() {
        for (change, named) in [
            (json!({"token": "k".repeat(171)}), "token"),
            (json!({"endpoint_urls": {}}), "endpoint_urls.list_tests"),
            (json!({"partner_username": "vendor"}), "partner_password"),
            (json!({"kind": "assessment"}), "kind"),
        ] {
            let reason = form(&change).err().unwrap();
            assert!(reason.contains(named), "{change}: {reason}");
        }
        assert!(form(&json!({"token": "k".repeat(170)})).is_ok());
    }
}
