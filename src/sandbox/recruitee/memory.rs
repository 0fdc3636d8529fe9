//! What the simulated Recruitee remembers, and how the partner gets into it: created through the API, or entered.

use super::partner::{Kind, Partner};
use super::report::Report;
use crate::sandbox::forms::PartnerForm;
use reqwest::Url;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The personal API token of the company's admin, until `credentials.api_token` says otherwise.
pub const PERSONAL_TOKEN: &str = "rc-personal-token";

/// The one company. The partner API is addressed by its id.
pub const COMPANY: u64 = 64_210;

/// What only Recruitee has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnKeys {
    kind: Option<Kind>,
}

/// The Recruitee of one company.
pub struct Recruitee {
    /// Who was created or entered.
    pub partner: Option<Partner>,
    /// Whether it was created through the API: then it is the partner's own word that counts.
    pub created: bool,
    /// The token that the customer has copied from the partner.
    pub token: Option<String>,
    /// What opens the partner API.
    pub personal_token: String,
    /// The names of the tests that the dialog has shown last, by their ids as texts.
    pub tests: BTreeMap<String, String>,
    /// What was ordered, by `report_id`.
    pub reports: BTreeMap<String, Report>,
    newest_id: u64,
}

impl Default for Recruitee {
    fn default() -> Self {
        Self {
            partner: None,
            created: false,
            token: None,
            personal_token: PERSONAL_TOKEN.to_owned(),
            tests: BTreeMap::new(),
            reports: BTreeMap::new(),
            newest_id: 5_118_300,
        }
    }
}

impl Recruitee {
    /// An id that nothing has yet.
    pub fn mint_id(&mut self) -> u64 {
        self.newest_id += 1;
        self.newest_id
    }

    /// The customer copies the token. Where the partner was not created through the API, it is entered as well.
    pub fn enter(&mut self, mut form: PartnerForm) -> Result<(), String> {
        let OwnKeys { kind } = form.own_keys()?;
        let partner = match &self.partner {
            Some(created) if self.created => complete(created, kind, &form)?,
            _ => entered(kind.unwrap_or_default(), &form)?,
        };
        self.partner = Some(partner);
        if let Some(token) = form.credential("api_token") {
            self.personal_token = token;
        }
        self.token = Some(form.token);
        Ok(())
    }

    /// The partner and the token, where both are known.
    pub fn linked(&self) -> Option<(Partner, String)> {
        self.partner.clone().zip(self.token.clone())
    }
}

/// A partner that was created keeps what it has said of itself; only its secret may be entered anew.
fn complete(created: &Partner, kind: Option<Kind>, form: &PartnerForm) -> Result<Partner, String> {
    if kind.is_some_and(|kind| kind != created.kind) {
        return Err("kind is not the one with which the partner was created".to_owned());
    }
    if form
        .credential("codename")
        .is_some_and(|codename| codename != created.codename)
    {
        return Err("credentials.codename is not the one with which the partner was created".to_owned());
    }
    let mut partner = created.clone();
    if let Some(secret) = form.credential("partner_secret") {
        partner.secret = secret;
    }
    Ok(partner)
}

fn entered(kind: Kind, form: &PartnerForm) -> Result<Partner, String> {
    let codename = form.needed_credential("codename")?;
    let url = |operation: &str| -> Result<(String, String), String> {
        form.url(operation)
            .map(|url: Url| (operation.to_owned(), url.into()))
    };
    Ok(Partner {
        name: codename.clone(),
        codename,
        kind,
        description: None,
        urls: BTreeMap::from([url("tests")?, url("send_candidate")?]),
        inputs: Partner::usual_inputs(),
        secret: form.needed_credential("partner_secret")?,
    })
}
