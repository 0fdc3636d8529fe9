//! What of the credentials that were sent can be taken, and what is still missing.

use super::context::Exchange;
use crate::domain::problem::{ErrorCode, Problem, Violation, pointer_to};
use crate::json::Schema;
use crate::outbox::credentials::{self, Fields};
use crate::providers::descriptor::{CredentialField, CredentialKind, Descriptor, Holder};
use crate::store::accounts::AccountRow;
use crate::store::integrations::IntegrationRow;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

const MAX_LENGTH: usize = 4096;

/// What stands for a secret that is set.
pub const MASK: &str = "********";

impl Exchange {
    /// Takes the credentials that `holder` sent into `fields`: a text sets, null clears, what is left out stays.
    pub(super) fn take_credentials(
        &self,
        descriptor: &Descriptor,
        holder: Holder,
        sent: Map<String, Value>,
        fields: &mut Fields,
    ) -> Result<(), Problem> {
        self.check(descriptor, holder, &sent)?;
        for (name, value) in sent {
            match value {
                Value::String(text) => fields.insert(name, Zeroizing::new(text)),
                _ => fields.remove(&name),
            };
        }
        Ok(())
    }

    fn check(
        &self,
        descriptor: &Descriptor,
        holder: Holder,
        sent: &Map<String, Value>,
    ) -> Result<(), Problem> {
        let own = || descriptor.credentials_of(holder);
        let mut wrong: Vec<_> = sent
            .keys()
            .filter(|name| !own().any(|field| field.name == name.as_str()))
            .map(|name| unknown(descriptor, name))
            .collect();
        for field in own() {
            if let Some(value) = sent.get(field.name) {
                wrong.extend(self.check_field(descriptor, field, value));
            }
        }
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(Problem::with(ErrorCode::InvalidValue, wrong))
        }
    }

    fn check_field(&self, descriptor: &Descriptor, field: &CredentialField, value: &Value) -> Vec<Violation> {
        let mut form = json!({"type": ["string", "null"], "minLength": 1, "maxLength": MAX_LENGTH});
        if let (Some(pattern), Some(form)) = (field.pattern, form.as_object_mut()) {
            form.insert("pattern".to_owned(), pattern.into());
        }
        // Where it stands in the body, so that what is wrong is named by its place there.
        let schema = json!({"properties": {"credentials": {"properties": {field.name: form}}}});
        let broken = Schema::compile(&schema)
            .map(|schema| schema.violations(&json!({"credentials": {field.name: value}})));
        let mut broken = broken.unwrap_or_default();
        broken.truncate(1);
        if let (CredentialKind::Url, Some(url)) = (field.kind, value.as_str())
            && let Err(forbidden) = self.client.guard().check(url, descriptor.callback_hosts)
        {
            broken = vec![forbidden.violation(pointer_to("/credentials", field.name), field.name)];
        }
        broken
    }

    /// What nothing can be sent to the ATS without, and is not there: reports are kept, and wait for it.
    pub(super) fn missing_credentials(
        &self,
        descriptor: &Descriptor,
        integration: &IntegrationRow,
        account: &AccountRow,
    ) -> Result<Vec<Violation>, Problem> {
        let known = credentials::of_both(&self.vault, descriptor, integration, account)?;
        let required = descriptor.credential_fields.iter().filter(|field| field.required);
        Ok(required
            .filter(|field| known.field(field.name).is_none())
            .map(|field| {
                let owner = match field.holder {
                    Holder::Vendor => "the integration",
                    Holder::Customer => "the account",
                };
                let message = format!(
                    "{} cannot be told before {owner} has the credential {}; the report is kept and waits for it",
                    descriptor.name, field.name
                );
                Violation::new("", "credential_missing", message)
            })
            .collect())
    }
}

/// The credentials of `holder` that are set, as they may be seen.
pub(super) fn shown(descriptor: &Descriptor, holder: Holder, fields: &Fields) -> Map<String, Value> {
    let own = descriptor.credentials_of(holder);
    own.filter_map(|field| {
        let value = fields.get(field.name)?;
        let seen = match field.kind {
            CredentialKind::Secret => MASK,
            CredentialKind::Text | CredentialKind::Url => value.as_str(),
        };
        Some((field.name.to_owned(), Value::from(seen)))
    })
    .collect()
}

/// A credential that the provider does not ask for would be lost without a word.
fn unknown(descriptor: &Descriptor, name: &str) -> Violation {
    let elsewhere = descriptor
        .credential_fields
        .iter()
        .find(|field| field.name == name);
    let message = match elsewhere.map(|field| field.holder) {
        Some(Holder::Vendor) => format!("{name} is yours, not the customer's: set it in the integration"),
        Some(Holder::Customer) => {
            "it is the customer's, not yours: set it when you link the customer, or in the account".to_owned()
        }
        None => format!("{} asks for no such credential: leave it out", descriptor.name),
    };
    Violation::new(pointer_to("/credentials", name), "unknown_field", message)
}
