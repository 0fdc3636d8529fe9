//! What a provider says of itself, as data. It drives routing, the connector meta, the check before a result
//! is sent, the documents, and what people are told to do. What a provider lacks is absent here and answers 501.

use super::authorization::TokenIn;
use crate::domain::account::AuthType;
use crate::domain::category::Category;
use serde::Serialize;
use utoipa::ToSchema;

/// A provider's description.
#[derive(Debug)]
pub struct Descriptor {
    /// The key, as it stands in paths and bodies.
    pub key: &'static str,
    /// The name that people know.
    pub name: &'static str,
    /// What can be ordered through it.
    pub categories: &'static [Category],
    /// Which of its interfaces an integration may use.
    pub auth_types: &'static [AuthType],
    /// Where the ATS puts the trigger token when it calls us.
    pub token_in: TokenIn,
    /// What we need beyond the trigger token: the vendor's, of the integration, and the customer's, of the account.
    pub credential_fields: &'static [CredentialField],
    /// The endpoints that the ATS calls.
    pub operations: &'static [Operation],
    /// The ATS's endpoints that we call.
    pub calls: &'static [OutgoingCall],
    /// Under which domains all lies that we call on the ATS's word; empty where that is not known.
    pub callback_hosts: &'static [CallbackHost],
    /// Whether the ATS reads a result by an operation of its own; else it has the result once the push of it is done.
    pub reads_status: bool,
    /// Whether `publish` owes the ATS a call as soon as an order is placed.
    pub told_of_placement: bool,
    /// Whether `publish` owes the ATS a call when its own user calls an order off.
    pub told_of_cancellation: bool,
    /// What of a result it takes and where the recruiter sees it.
    pub result_fields: &'static [ResultField],
    /// How the vendor registers with the ATS by API, step by step; empty where that is done by hand.
    pub set_up: &'static [SetUpStep],
    /// What is not certain, and what can be configured should it prove wrong.
    pub assumptions: &'static [Assumption],
    /// What people have to do, in order, before the first order.
    pub setup_steps: &'static [&'static str],
    /// What is done for each customer, in order, as the connect page tells it to the customer.
    pub customer_steps: &'static [CustomerStep],
}

impl Descriptor {
    /// The operation of that name.
    pub fn operation(&self, name: &str) -> Option<&'static Operation> {
        self.operations.iter().find(|operation| operation.name == name)
    }

    /// The result fields that it takes in that category.
    pub fn result_fields_of(&self, category: Category) -> impl Iterator<Item = &'static ResultField> {
        let of_category = move |field: &&ResultField| field.categories.contains(&category);
        self.result_fields.iter().filter(of_category)
    }

    /// The credential fields that the vendor, or the customer, has to give.
    pub fn credentials_of(&self, holder: Holder) -> impl Iterator<Item = &'static CredentialField> {
        self.credential_fields
            .iter()
            .filter(move |field| field.holder == holder)
    }
}

/// Where a fact about an ATS's wire comes from, and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Basis {
    /// How sure it is.
    pub certainty: Certainty,
    /// Where it stands.
    #[schema(example = "https://developers.ats.example/assessments")]
    pub source: &'static str,
}

impl Basis {
    /// The ATS's own documents say so.
    pub const fn documented(source: &'static str) -> Self {
        Self {
            certainty: Certainty::Documented,
            source,
        }
    }

    /// Somebody else who integrated says so.
    pub const fn third_party(source: &'static str) -> Self {
        Self {
            certainty: Certainty::ThirdParty,
            source,
        }
    }

    /// Nobody says so: the most likely reading of what is known, which `source` names.
    pub const fn assumed(source: &'static str) -> Self {
        Self {
            certainty: Certainty::Assumed,
            source,
        }
    }
}

/// How sure a fact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// The ATS's own documents say so.
    Documented,
    /// Others who integrated say so.
    ThirdParty,
    /// Nobody says so; it is the most likely reading.
    Assumed,
}

/// Something that is not certain about the wire as a whole.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Assumption {
    /// What is taken to be so.
    #[schema(example = "The authorization header is HTTP Basic.")]
    pub what: &'static str,
    /// Why.
    pub basis: Basis,
    /// The credential field that changes it, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configured_by: Option<&'static str>,
}

/// Something that we need to know to call the ATS.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct CredentialField {
    /// Its key in `credentials`.
    #[schema(example = "api_key")]
    pub name: &'static str,
    /// What a form calls it.
    #[schema(example = "API key")]
    pub label: &'static str,
    /// Whose it is: `vendor` sets it in the integration, `customer` in the account.
    pub holder: Holder,
    /// What it is.
    pub kind: CredentialKind,
    /// Whether nothing can be sent to the ATS without it.
    pub required: bool,
    /// What it has to look like (a regular expression), where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<&'static str>,
    /// What holds where it is not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<&'static str>,
    /// Where to find it, and what it is for.
    #[schema(example = "In the ATS: Admin, API keys.")]
    pub found_at: &'static str,
    /// How sure that is.
    pub basis: Basis,
}

/// Whose a credential is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// The vendor's, once for each integration.
    Vendor,
    /// The customer's, of its account.
    Customer,
}

/// What a credential is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// A text that may be seen.
    Text,
    /// A text that must be kept from eyes.
    Secret,
    /// A URL that we call: https to a public address, unless its network is allowed.
    Url,
}

/// Something that is done for each customer. Its texts are read by the customer's admin; in them `{vendor}` stands for
/// the vendor's name, `{customer}` for the customer's, and `{base_url}` for where the ATS reaches us.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct CustomerStep {
    /// Who does it.
    pub by: StepBy,
    /// What it is, in a few words.
    #[schema(example = "Enter the token there")]
    pub title: &'static str,
    /// How it is done: where to go, what to choose.
    #[schema(example = "In the settings of the integration, enter this token as the API key.")]
    pub text: &'static str,
    /// What is needed for it, and stands beside it on the page.
    pub needs: StepNeeds,
    /// How sure that is.
    pub basis: Basis,
}

/// Who does a customer's step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepBy {
    /// The customer's admin, who reads it.
    Customer,
    /// The ATS's support.
    AtsSupport,
}

/// What a customer's step needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "type", content = "text")]
pub enum StepNeeds {
    /// Nothing.
    Nothing,
    /// The trigger token, to copy.
    TriggerToken,
    /// This message, to send as it is.
    Message(&'static str),
    /// The form for the customer's credentials.
    Credentials,
}

/// An endpoint that the ATS calls.
#[derive(Debug)]
pub struct Operation {
    /// Its name, in logs and on the command line.
    pub name: &'static str,
    /// GET, POST, ...
    pub method: &'static str,
    /// What follows `/external-trigger/{provider}/`; `{name}` stands for one segment, which the translator finds
    /// in `Request::path`.
    pub path: &'static str,
    /// What the ATS does with it.
    pub purpose: &'static str,
    /// How sure that is.
    pub basis: Basis,
}

/// An endpoint of the ATS's that we call.
#[derive(Debug)]
pub struct OutgoingCall {
    /// Its name: its schemas are `<name>.request` and `<name>.response`.
    pub name: &'static str,
    /// GET, POST, ...
    pub method: &'static str,
    /// Where, as a template for readers.
    pub url: &'static str,
    /// When we call it.
    pub purpose: &'static str,
    /// How sure that is.
    pub basis: Basis,
}

/// A domain of an ATS's own: calls to the ATS go to it or to what is under it, where the operator pins them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallbackHost {
    /// The domain, in lower case, without a dot at either end.
    pub domain: &'static str,
    /// How sure that is.
    pub basis: Basis,
}

/// One step of registering with the ATS by API.
#[derive(Debug, Serialize, ToSchema)]
pub struct SetUpStep {
    /// Its name, in paths and on the command line.
    #[schema(example = "register")]
    pub name: &'static str,
    /// What it does.
    #[schema(example = "Registers you as a partner.")]
    pub purpose: &'static str,
    /// What has to be given each time; not stored.
    pub inputs: &'static [SetUpInput],
    /// Which credentials of the integration it sets.
    #[schema(example = json!(["secret"]))]
    pub sets: &'static [&'static str],
    /// How sure that is.
    pub basis: Basis,
}

/// What a set-up step has to be given.
#[derive(Debug, Serialize, ToSchema)]
pub struct SetUpInput {
    /// Its key.
    #[schema(example = "api_token")]
    pub name: &'static str,
    /// Whether the step cannot do without it.
    pub required: bool,
    /// What it is, and where to find it.
    #[schema(example = "A token of the ATS's API.")]
    pub description: &'static str,
}

/// One field of a result, as an ATS takes it.
#[derive(Debug)]
pub struct ResultField {
    /// The path in the result's body, dotted: `score.value`.
    pub name: &'static str,
    /// What its text has to be.
    pub kind: FieldKind,
    /// When it must be there.
    pub required: Requirement,
    /// What it is for.
    pub description: &'static str,
    /// Where the recruiter sees it.
    pub shown_as: &'static str,
    /// Values for which the ATS has no word of its own: kept, and named in `warnings[]`.
    pub not_told_apart: &'static [&'static str],
    /// In which categories it is taken.
    pub categories: &'static [Category],
    /// How sure that is.
    pub basis: Basis,
}

impl ResultField {
    /// An optional field, taken in every category.
    pub const fn new(
        name: &'static str,
        kind: FieldKind,
        description: &'static str,
        shown_as: &'static str,
        basis: Basis,
    ) -> Self {
        Self {
            name,
            kind,
            required: Requirement::Optional,
            description,
            shown_as,
            not_told_apart: &[],
            categories: &Category::ALL,
            basis,
        }
    }

    /// The same, required once the order is complete.
    pub const fn required_when_complete(mut self) -> Self {
        self.required = Requirement::WhenComplete;
        self
    }

    /// The same, with values that the ATS has no words of its own for.
    pub const fn not_telling_apart(mut self, values: &'static [&'static str]) -> Self {
        self.not_told_apart = values;
        self
    }

    /// The same, taken only in these categories.
    pub const fn only_for(mut self, categories: &'static [Category]) -> Self {
        self.categories = categories;
        self
    }
}

/// What a result field's text has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Any text.
    Text,
    /// A number, as a JSON number or as text.
    Number,
    /// An RFC 3339 date-time.
    DateTime,
    /// An absolute http(s) URL.
    Url,
    /// One of `RESULT_VALUES`.
    ResultValue,
    /// A list of documents, of which the ATS takes the URLs.
    Attachments,
}

/// When a result field must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// Never.
    Optional,
    /// Once the order is complete.
    WhenComplete,
}
