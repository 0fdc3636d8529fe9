//! Connector meta: what of a result an ATS needs and shows, typed, from the same descriptor that drives the
//! check before a result is sent.

use super::accounts::ShownAccount;
use crate::domain::category::Category;
use crate::domain::event::EventType;
use crate::domain::problem::{ErrorCode, Problem, Violation};
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
    #[schema(example = json!(registry::example_name()))]
    pub provider_name: &'static str,
    /// `ats`.
    #[schema(example = "ats")]
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
    #[schema(example = json!(["Ask the ATS for the partner form."]))]
    pub setup_steps: &'static [&'static str],
    /// What is done for each customer, as the connect page tells it.
    pub customer_steps: &'static [CustomerStep],
    /// With `include=resources`: what a page may show of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// With `include=webhooks`: the events that can come of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhooks: Option<&'static [EventType]>,
}

/// What a page may show of a provider.
#[derive(Serialize, ToSchema)]
pub struct Resources {
    /// Its pictures; Crosscheck has none.
    pub images: Images,
}

/// A provider's pictures.
#[derive(Serialize, ToSchema)]
pub struct Images {
    /// A logo.
    pub logo_url: Option<String>,
    /// A wide logo.
    pub original_logo_horizontal_url: Option<String>,
}

/// What of the meta is asked for beside the rest (StackOne's words).
#[derive(Clone, Copy, Debug, Default)]
pub struct Include {
    /// Where each field stands in the body.
    pub field_path: bool,
    /// What a page may show.
    pub resources: bool,
    /// The events.
    pub webhooks: bool,
}

impl Include {
    /// The words of a list with commas; others mean nothing here.
    pub fn read(list: &str) -> Self {
        let asked = |word: &str| list.split(',').any(|one| one.trim() == word);
        Self {
            field_path: asked("field_path"),
            resources: asked("resources"),
            webhooks: asked("webhooks"),
        }
    }
}

/// What an account can do.
#[derive(Serialize, ToSchema)]
pub struct AccountMeta {
    /// Provider key.
    pub provider: &'static str,
    /// The name that people know.
    #[schema(example = json!(registry::example_name()))]
    pub provider_name: &'static str,
    /// `ats`.
    #[schema(example = "ats")]
    pub category: &'static str,
    /// By `<category>/<operation>`, for every category of the provider.
    pub models: BTreeMap<String, AccountModelMeta>,
}

/// One operation, for an account.
#[derive(Serialize, ToSchema)]
pub struct AccountModelMeta {
    /// The operation.
    #[serde(flatten)]
    pub model: ModelMeta,
    /// Whether this account can do it now.
    pub available: bool,
    /// What is missing where it cannot, with the next step.
    pub missing: Vec<Violation>,
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
    /// With `include=field_path`: where it stands in the body, as a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/score/value")]
    pub path: Option<String>,
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
pub fn list(include: Include) -> Vec<ConnectorMeta> {
    registry::all()
        .iter()
        .map(|provider| meta(provider.descriptor(), include))
        .collect()
}

/// One provider's meta.
pub fn get(provider: &str, include: Include) -> Result<ConnectorMeta, Problem> {
    let provider = registry::find(provider).ok_or_else(|| Problem::not_found("provider"))?;
    Ok(meta(provider.descriptor(), include))
}

/// What an account can do, and what is missing for the rest.
pub fn of_account(account: &ShownAccount) -> Result<AccountMeta, Problem> {
    let provider = registry::find(&account.row.provider).ok_or_else(|| Problem::of(ErrorCode::NotCapable))?;
    let descriptor = provider.descriptor();
    let models = models(descriptor, Include::default()).map(|(category, name, model)| {
        let missing = match category.as_str() == account.row.category {
            true => account.missing.clone(),
            false => vec![not_linked(category)],
        };
        let model = AccountModelMeta {
            model,
            available: account.is_enabled && missing.is_empty(),
            missing: match account.is_enabled {
                true => missing,
                false => vec![disabled()],
            },
        };
        (name, model)
    });
    Ok(AccountMeta {
        provider: descriptor.key,
        provider_name: descriptor.name,
        category: "ats",
        models: models.collect(),
    })
}

fn not_linked(category: Category) -> Violation {
    let message = format!(
        "this account is linked for another category: link the customer with POST /unified/ats/{category}/secrets"
    );
    Violation::new("", "not_linked", message)
}

fn disabled() -> Violation {
    let code = ErrorCode::IntegrationDisabled;
    Violation::new("", code.as_str(), code.meaning())
}

/// The operations of a provider: of which category, under which name, and what they take.
fn models(descriptor: &Descriptor, include: Include) -> impl Iterator<Item = (Category, String, ModelMeta)> {
    descriptor.categories.iter().map(move |category| {
        let name = format!("{category}/results.update");
        (*category, name, model(*category, descriptor, include))
    })
}

fn meta(descriptor: &Descriptor, include: Include) -> ConnectorMeta {
    let models = models(descriptor, include).map(|(_, name, model)| (name, model));
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
        resources: include.resources.then_some(Resources {
            images: Images {
                logo_url: None,
                original_logo_horizontal_url: None,
            },
        }),
        webhooks: include.webhooks.then_some(EventType::ALL),
    }
}

fn model(category: Category, descriptor: &Descriptor, include: Include) -> ModelMeta {
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
        path: None,
    };
    ModelMeta {
        api_path: format!("/unified/ats/{category}/orders/{{id}}/result"),
        input: FieldsMeta {
            default_fields: descriptor
                .result_fields_of(category)
                .map(|one| field(one, include))
                .collect(),
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

fn field(field: &ResultField, include: Include) -> FieldMeta {
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
        path: include
            .field_path
            .then(|| format!("/{}", field.name.replace('.', "/"))),
    }
}
