//! The dialog in which a recruiter starts an assessment.

use super::{Site, answers};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::view::Dialog;
use serde_json::value::to_raw_value;
use serde_json::{Map, Value, json};

/// Opens it: what can be started and, where custom fields are enabled, as `fields` what the recruiter is asked.
pub async fn open(site: &Site) -> Result<Dialog, Refusal> {
    let partner = site.memory().partner.clone();
    let partner = partner.ok_or_else(Refusal::no_partner)?;
    let nothing = to_raw_value(&json!({})).map_err(|error| Refusal::unusable(error.to_string()))?;
    let answer = partner.call(site, &partner.list_url, &nothing).await?;
    let packages = answers::list(&answer)?;
    let mut more = Map::new();
    if let Some(url) = &partner.custom_fields_url {
        let answer = partner.call(site, url, &nothing).await?;
        more.insert(
            "fields".to_owned(),
            Value::Array(answers::custom_fields(&answer)?),
        );
    }
    Ok(Dialog { packages, more })
}
