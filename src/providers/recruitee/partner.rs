//! The vendor's partner entity in Recruitee: made, changed and read with a personal API token, its secret renewed
//! with the secret itself.

use crate::domain::category::Category;
use crate::domain::problem::{ErrorCode, Problem, Violation};
use crate::providers::descriptor::SetUpStep;
use crate::providers::links::encoded;
use crate::providers::provider::{Call, CallResponse};
use crate::providers::set_up::{SetUp, SetUpAnswer, SetUpRequest};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

/// Recruitee's Partners API.
pub struct PartnerApi;

impl SetUp for PartnerApi {
    fn call(&self, step: &SetUpStep, about: &SetUpRequest<'_>) -> Result<Call, Problem> {
        let base = credential(about, "api_url")?.trim_end_matches('/');
        let codename = encoded(credential(about, "codename")?);
        let input = |name: &str| {
            about
                .inputs
                .get(name)
                .map(|value| value.as_str())
                .unwrap_or_default()
        };
        if step.name == "regenerate_secret" {
            let secret = credential(about, "partner_secret")?;
            return Ok(Call {
                method: "POST",
                url: format!("{base}/p/{codename}/partner/regenerate-secret"),
                headers: vec![("rt-partner-secret".into(), Zeroizing::new(secret.to_owned()))],
                body: None,
            });
        }
        let bearer = Zeroizing::new(format!("Bearer {}", input("api_token")));
        let method = match step.name {
            "create_partner" => "POST",
            "update_partner" => "PATCH",
            _ => "GET",
        };
        let body = (method != "GET").then(|| partner(about).to_string().into_bytes());
        Ok(Call {
            method,
            url: format!("{base}/p/{codename}/c/{}/partner", encoded(input("company_id"))),
            headers: vec![("authorization".into(), bearer)],
            body,
        })
    }

    fn read(&self, step: &SetUpStep, response: &CallResponse) -> Result<SetUpAnswer, Problem> {
        let unreadable =
            |what: &str| Problem::new(ErrorCode::AtsFailed, format!("Recruitee's answer {what}"));
        let mut shown: Value =
            serde_json::from_slice(&response.body).map_err(|_| unreadable("is not JSON"))?;
        let secret = take_secret(&mut shown);
        if secret.is_none() && step.name == "regenerate_secret" {
            return Err(unreadable("has no secret"));
        }
        Ok(SetUpAnswer {
            credentials: secret
                .map(|secret| ("partner_secret", secret))
                .into_iter()
                .collect(),
            shown,
        })
    }
}

/// The partner as it is to be: what it is called is given, where it is and what it is for is known.
fn partner(about: &SetUpRequest<'_>) -> Value {
    let mut partner = Map::new();
    for name in ["name", "description"] {
        if let Some(value) = about.inputs.get(name) {
            partner.insert(name.to_owned(), value.as_str().into());
        }
    }
    let kind = match about.category {
        Category::Assessments => "assessment",
        Category::BackgroundChecks => "background_check",
        Category::ReferenceChecks => "reference_check",
    };
    let operations = super::descriptor::DESCRIPTOR.operations.iter();
    // The URL to cancel is put on each report; it is not the partner's.
    let urls = operations
        .filter(|operation| !operation.path.contains('{'))
        .map(|operation| (operation.name.to_owned(), about.links.template(operation).into()));
    partner.insert("kind".to_owned(), kind.into());
    partner.insert("urls".to_owned(), Value::Object(urls.collect()));
    let input = |kind: &str, required: bool| json!({"kind": kind, "name": kind, "required": required});
    let inputs = [
        input("first_name", true),
        input("last_name", true),
        input("email", true),
        input("phone", false),
    ];
    partner.insert("inputs".to_owned(), inputs.into_iter().collect());
    Value::Object(partner)
}

/// Takes the secret out of an answer, which has it at the top or in `partner`.
fn take_secret(answer: &mut Value) -> Option<Zeroizing<String>> {
    let nested = answer.get_mut("partner").and_then(remove_secret);
    remove_secret(answer).or(nested)
}

fn remove_secret(holder: &mut Value) -> Option<Zeroizing<String>> {
    match holder.as_object_mut()?.remove("secret")? {
        Value::String(secret) => Some(Zeroizing::new(secret)),
        _ => None,
    }
}

fn credential<'a>(about: &'a SetUpRequest<'_>, name: &str) -> Result<&'a str, Problem> {
    about.credentials.field(name).ok_or_else(|| {
        let message = format!(
            "the integration has no credential {name}: set it first, with PATCH /integrations/{{id}}"
        );
        let violation = Violation::new(format!("/credentials/{name}"), "required", message);
        Problem::with(ErrorCode::InvalidValue, vec![violation])
    })
}
