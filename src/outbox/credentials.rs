//! The credentials with which we call an ATS: the vendor's in the integration, the customer's in the account,
//! each one sealed JSON object.

use crate::crypto::{CryptoError, Place, Vault};
use crate::providers::descriptor::{Descriptor, Holder};
use crate::providers::provider::Credentials;
use crate::store::accounts::AccountRow;
use crate::store::integrations::IntegrationRow;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// Values by the descriptor's field names.
pub type Fields = BTreeMap<String, Zeroizing<String>>;

/// Opens the sealed object of a row.
pub fn open(vault: &Vault, place: Place<'_>, sealed: Option<&Vec<u8>>) -> Result<Fields, CryptoError> {
    let Some(sealed) = sealed else {
        return Ok(Fields::new());
    };
    let text = vault.open_text(place, sealed)?;
    let fields: BTreeMap<String, String> =
        serde_json::from_str(&text).map_err(|_| CryptoError::Damaged("credentials"))?;
    Ok(fields
        .into_iter()
        .map(|(name, value)| (name, Zeroizing::new(value)))
        .collect())
}

/// Seals `fields` for a row; nothing where there are none.
pub fn seal(vault: &Vault, place: Place<'_>, fields: &Fields) -> Option<Vec<u8>> {
    let plain: BTreeMap<&str, &str> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    // Texts by texts always serialise.
    let text = Zeroizing::new(serde_json::to_string(&plain).unwrap_or_default());
    (!fields.is_empty()).then(|| vault.seal(place, text.as_bytes()))
}

/// Where an integration's credentials are.
pub fn of_integration(integration: &IntegrationRow) -> Place<'_> {
    Place {
        project: &integration.project_id,
        table: "integrations",
        column: "credentials",
        row: &integration.id,
    }
}

/// Where an account's credentials are.
pub fn of_account(account: &AccountRow) -> Place<'_> {
    Place {
        project: &account.project_id,
        table: "accounts",
        column: "credentials",
        row: &account.id,
    }
}

/// Where an account's trigger token is.
pub fn trigger_token_of(account: &AccountRow) -> Place<'_> {
    Place {
        column: "trigger_token",
        ..of_account(account)
    }
}

/// What the vendor set in an integration, with the descriptor's defaults.
pub fn of_vendor(
    vault: &Vault,
    descriptor: &Descriptor,
    integration: &IntegrationRow,
) -> Result<Credentials, CryptoError> {
    let password_place = Place {
        column: "partner_password",
        ..of_integration(integration)
    };
    let password = integration.partner_password_sealed.as_ref();
    let password = password
        .map(|sealed| vault.open_text(password_place, sealed))
        .transpose()?;
    let mut fields = defaults(descriptor);
    let sealed = integration.credentials_sealed.as_ref();
    fields.extend(open(vault, of_integration(integration), sealed)?);
    Ok(Credentials {
        partner: integration.partner_username.clone().zip(password),
        trigger_token: Zeroizing::default(),
        fields,
    })
}

/// Everything that authorises us for one account.
pub fn of_both(
    vault: &Vault,
    descriptor: &Descriptor,
    integration: &IntegrationRow,
    account: &AccountRow,
) -> Result<Credentials, CryptoError> {
    let mut credentials = of_vendor(vault, descriptor, integration)?;
    let token_place = Place {
        column: "trigger_token",
        ..of_account(account)
    };
    credentials.trigger_token = vault.open_text(token_place, &account.trigger_token_sealed)?;
    let sealed = account.credentials_sealed.as_ref();
    // The vendor cannot set what is the customer's, nor the other way round.
    let own = open(vault, of_account(account), sealed)?;
    let customers = |name: &str| {
        descriptor
            .credentials_of(Holder::Customer)
            .any(|field| field.name == name)
    };
    credentials
        .fields
        .extend(own.into_iter().filter(|(name, _)| customers(name)));
    Ok(credentials)
}

fn defaults(descriptor: &Descriptor) -> Fields {
    let fields = descriptor.credential_fields.iter();
    fields
        .filter_map(|field| Some((field.name.to_owned(), Zeroizing::new(field.default?.to_owned()))))
        .collect()
}
