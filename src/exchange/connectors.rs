//! Connector meta: what of a result an ATS needs and shows, typed, from the same descriptor that drives the
//! check before a result is sent.

use crate::domain::category::Category;
use crate::domain::problem::Problem;
use crate::domain::result::{COMPLETE_VALUES, RESULT_VALUES};
use crate::providers::authorization::TokenIn;
use crate::providers::descriptor::{
    Assumption, Basis, CredentialField, CustomerStep, Descriptor, FieldKind, Requirement, ResultField,
    SetUpStep,
};
use crate::providers::registry;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What a provider can do (StackOne's shape, its models typed).
#[derive(Serialize, ToSchema)]
pub struct ConnectorMeta {
    /// Provider key.
    pub provider: &'static str,
    /// The name that people know.
    pub provider_name: &'static str,
    /// `ats`.
    pub category: &'static str,
    /// Whether it can be used.
    pub active: bool,
    /// By `<category>/results.update`: what goes in and what comes out.
    pub models: BTreeMap<String, ModelMeta>,
    /// Where the ATS puts the trigger token when it calls us.
    pub token_in: TokenIn,
    /// What is needed to call the ATS, whose it is and where to find it.
    pub credential_fields: &'static [CredentialField],
    /// How you register with the ATS by API; empty where that is done by hand.
    pub set_up: &'static [SetUpStep],
    /// What is not certain about this ATS, and what can be configured should it prove wrong.
    pub assumptions: &'static [Assumption],
    /// What people have to do before the first order.
    pub setup_steps: &'static [&'static str],
    /// What is done for each customer, as the connect page tells it.
    pub customer_steps: &'static [CustomerStep],
}

/// One operation on one model.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelMeta {
    /// Where it is.
    #[schema(example = "/unified/ats/assessments/orders/{id}/result")]
    pub api_path: String,
    /// What goes in.
    pub input: FieldsMeta,
    /// What comes out.
    pub output: FieldsMeta,
}

/// A list of fields.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldsMeta {
    /// The fields.
    pub default_fields: Vec<FieldMeta>,
}

/// One field.
#[derive(Serialize, ToSchema)]
pub struct FieldMeta {
    /// The path in the body, dotted.
    #[schema(example = "result_url")]
    pub name: &'static str,
    /// `string`, `number`, `enum` or `array`.
    pub r#type: &'static str,
    /// Whether it must always be there.
    pub required: bool,
    /// When it must be there, where that is not always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_if: Option<RequiredIf>,
    /// The values that it may have.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub r#enum: &'static [&'static str],
    /// `date-time` or `uri`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<&'static str>,
    /// What it is for.
    pub description: &'static str,
    /// Where the recruiter sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown_as: Option<&'static str>,
    /// Values for which the ATS has no word of its own.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub not_told_apart: &'static [&'static str],
    /// How sure that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
}

/// A condition on another field of the same body.
#[derive(Serialize, ToSchema)]
pub struct RequiredIf {
    /// The other field, dotted.
    #[schema(example = "result.value")]
    pub field: &'static str,
    /// It holds where the other field has one of these values, or (null) is absent.
    pub r#in: Vec<Option<&'static str>>,
}

/// Every provider's meta.
pub fn list() -> Vec<ConnectorMeta> {
    registry::all()
        .iter()
        .map(|provider| meta(provider.descriptor()))
        .collect()
}

/// One provider's meta.
pub fn get(provider: &str) -> Result<ConnectorMeta, Problem> {
    let provider = registry::find(provider).ok_or_else(|| Problem::not_found("provider"))?;
    Ok(meta(provider.descriptor()))
}

fn meta(descriptor: &Descriptor) -> ConnectorMeta {
    let models = descriptor
        .categories
        .iter()
        .map(|category| (format!("{category}/results.update"), model(*category, descriptor)));
    ConnectorMeta {
        provider: descriptor.key,
        provider_name: descriptor.name,
        category: "ats",
        active: true,
        models: models.collect(),
        token_in: descriptor.token_in,
        credential_fields: descriptor.credential_fields,
        set_up: descriptor.set_up,
        assumptions: descriptor.assumptions,
        setup_steps: descriptor.setup_steps,
        customer_steps: descriptor.customer_steps,
    }
}

fn model(category: Category, descriptor: &Descriptor) -> ModelMeta {
    let plain = |name, r#type, description| FieldMeta {
        name,
        r#type,
        required: true,
        required_if: None,
        r#enum: &[],
        format: None,
        description,
        shown_as: None,
        not_told_apart: &[],
        basis: None,
    };
    ModelMeta {
        api_path: format!("/unified/ats/{category}/orders/{{id}}/result"),
        input: FieldsMeta {
            default_fields: descriptor.result_fields_of(category).map(field).collect(),
        },
        output: FieldsMeta {
            default_fields: vec![
                plain("statusCode", "number", "The HTTP status again."),
                plain("message", "string", "What was done."),
                plain("timestamp", "string", "When."),
                plain("warnings", "array", "The fields that this ATS cannot show."),
            ],
        },
    }
}

fn field(field: &ResultField) -> FieldMeta {
    let (r#type, format, r#enum): (_, _, &'static [&'static str]) = match field.kind {
        FieldKind::Text => ("string", None, &[]),
        FieldKind::Number => ("number", None, &[]),
        FieldKind::DateTime => ("string", Some("date-time"), &[]),
        FieldKind::Url => ("string", Some("uri"), &[]),
        FieldKind::ResultValue => ("enum", None, &RESULT_VALUES),
        FieldKind::Attachments => ("array", None, &[]),
    };
    let when_complete = || RequiredIf {
        field: "result.value",
        r#in: COMPLETE_VALUES.into_iter().map(Some).chain([None]).collect(),
    };
    FieldMeta {
        name: field.name,
        r#type,
        required: false,
        required_if: (field.required == Requirement::WhenComplete).then(when_complete),
        r#enum,
        format,
        description: field.description,
        shown_as: Some(field.shown_as),
        not_told_apart: field.not_told_apart,
        basis: Some(field.basis),
    }
}
