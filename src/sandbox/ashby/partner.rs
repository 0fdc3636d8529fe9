//! The partner as it is set up at Ashby: the token, its endpoints, and the customer's API key, with which it calls.

use super::Site;
use crate::sandbox::caller::{Answered, Auth, Call};
use crate::sandbox::forms::PartnerForm;
use crate::sandbox::refusal::Refusal;
use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What only Ashby has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnKeys {
    #[serde(default)]
    custom_fields: bool,
}

/// A partner that was entered.
#[derive(Clone)]
pub struct Partner {
    /// The Basic user name of every call of Ashby's.
    pub token: String,
    /// The Basic user name of every call of the partner's.
    pub api_key: String,
    /// `assessment.list`.
    pub list_url: Url,
    /// `assessment.start`.
    pub start_url: Url,
    /// `assessment.cancel`, where the partner has it.
    pub cancel_url: Option<Url>,
    /// `assessment.customField.list`, where it is enabled.
    pub custom_fields_url: Option<Url>,
}

impl Partner {
    /// What was typed. An error says what Ashby would not take.
    pub fn read(mut form: PartnerForm) -> Result<Self, String> {
        let own: OwnKeys = form.own_keys()?;
        Ok(Self {
            api_key: form.needed_credential("api_key")?,
            list_url: form.url("assessment.list")?,
            start_url: form.url("assessment.start")?,
            cancel_url: form.optional_url("assessment.cancel")?,
            custom_fields_url: own
                .custom_fields
                .then(|| form.url("assessment.customField.list"))
                .transpose()?,
            token: form.token,
        })
    }

    /// Every call of Ashby's is a POST of JSON.
    pub async fn call(&self, site: &Site, url: &Url, body: &RawValue) -> Result<Answered, Refusal> {
        let call = Call {
            method: Method::POST,
            url: url.clone(),
            auth: Auth::Basic(&self.token),
            body: Some(body),
        };
        site.caller.call(call).await
    }
}
