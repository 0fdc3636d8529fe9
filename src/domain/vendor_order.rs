//! An order as a vendor places it itself: StackOne's body, of which little is required.

use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::Ref;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::schema::{AllOfBuilder, Schema};

/// An order to place (StackOne's shape; what is not named here is kept with it).
#[derive(Debug, Deserialize, ToSchema)]
pub struct VendorOrder {
    /// Your id of the order: a second request with it is the same order.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 255, example = "order-4711")]
    pub id: Option<String>,
    /// Another id of yours.
    #[serde(default)]
    #[schema(max_length = 255)]
    pub remote_id: Option<String>,
    /// What is ordered: its `id`, else its `remote_id`, is your id of the package.
    #[schema(schema_with = package)]
    pub package: OrderedPackage,
    /// The application.
    #[serde(default)]
    pub application: Option<OrderedApplication>,
    /// The job.
    #[serde(default)]
    pub job: Option<OrderedJob>,
    /// Who is to be assessed: a name or an e-mail address at least.
    #[schema(schema_with = candidate)]
    pub candidate: OrderedCandidate,
    /// Who orders.
    #[serde(default)]
    pub requester: Option<OrderedPerson>,
    /// Where results are wanted. It is shown in the order; Crosscheck calls nobody for an order of yours.
    #[serde(default)]
    #[schema(max_length = 2048)]
    pub results_update_url: Option<String>,
    /// Whatever else belongs to it.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub passthrough: Option<Value>,
}

fn package() -> Schema {
    let words = "What is ordered: its `id`, else its `remote_id`, is your id of the package.";
    one_of_these("OrderedPackage", words, json!([has("id"), has("remote_id")]))
}

fn candidate() -> Schema {
    let words = "Who is to be assessed: a name or an e-mail address at least.";
    let has_email = json!({
        "required": ["emails"], "properties": {
            "emails": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/OrderedContact"},
                "contains": has("value"),
            },
        },
    });
    let rules = json!([has("first_name"), has("last_name"), has_email]);
    one_of_these("OrderedCandidate", words, rules)
}

/// A schema with the rule that one of `rules` holds.
fn one_of_these(schema: &str, words: &str, rules: Value) -> Schema {
    let rule = Extensions::builder().add("x-rule", json!({"anyOf": rules}));
    let all = AllOfBuilder::new()
        .item(Ref::from_schema_name(schema))
        .description(Some(words))
        .extensions(Some(rule.build()));
    Schema::AllOf(all.build())
}

/// That a field is there and says something.
fn has(field: &str) -> Value {
    json!({"required": [field], "properties": {field: {"type": "string", "minLength": 1}}})
}

/// What is ordered.
#[derive(Debug, Deserialize, ToSchema)]
pub struct OrderedPackage {
    /// Your id of the package.
    #[serde(default)]
    #[schema(max_length = 255, example = "pkg_9f3aK21")]
    pub id: Option<String>,
    /// The same, where `id` is not sent.
    #[serde(default)]
    #[schema(max_length = 255)]
    pub remote_id: Option<String>,
    /// What it is called, where none of your lists has it.
    #[serde(default)]
    pub name: Option<String>,
    /// More about it.
    #[serde(default)]
    pub description: Option<String>,
    /// The single checks or tests.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>)]
    pub tests: Option<Vec<Value>>,
}

/// An application.
#[derive(Debug, Deserialize, ToSchema)]
pub struct OrderedApplication {
    /// Its id.
    #[serde(default)]
    #[schema(max_length = 255, example = "A-9")]
    pub id: Option<String>,
    /// The same, where `id` is not sent.
    #[serde(default)]
    #[schema(max_length = 255)]
    pub remote_id: Option<String>,
    /// Where it stands.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub application_status: Option<Value>,
    /// Whatever else belongs to it.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub passthrough: Option<Value>,
}

/// A job.
#[derive(Debug, Deserialize, ToSchema)]
pub struct OrderedJob {
    /// Its id.
    #[serde(default)]
    #[schema(max_length = 255, example = "J-4")]
    pub id: Option<String>,
    /// The same, where `id` is not sent.
    #[serde(default)]
    #[schema(max_length = 255)]
    pub remote_id: Option<String>,
    /// What is advertised.
    #[serde(default)]
    #[schema(example = "Backend engineer")]
    pub title: Option<String>,
    /// Who hires.
    #[serde(default)]
    pub hiring_team: Option<Vec<OrderedPerson>>,
    /// Whatever else belongs to it.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub passthrough: Option<Value>,
}

/// Somebody at the customer's.
#[derive(Debug, Deserialize, ToSchema)]
pub struct OrderedPerson {
    /// The ATS's id of the user.
    #[serde(default)]
    #[schema(max_length = 255)]
    pub user_id: Option<String>,
    /// The same, where `user_id` is not sent.
    #[serde(default)]
    #[schema(max_length = 255)]
    pub remote_user_id: Option<String>,
    /// Given name.
    #[serde(default)]
    pub first_name: Option<String>,
    /// Family name.
    #[serde(default)]
    pub last_name: Option<String>,
    /// E-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// What this person does in the team.
    #[serde(default)]
    pub role: Option<String>,
}

/// Who is to be assessed.
#[derive(Debug, Deserialize, ToSchema)]
pub struct OrderedCandidate {
    /// The ATS's id.
    #[serde(default)]
    #[schema(max_length = 255, example = "C-3")]
    pub id: Option<String>,
    /// The same, where `id` is not sent.
    #[serde(default)]
    #[schema(max_length = 255)]
    pub remote_id: Option<String>,
    /// Given name.
    #[serde(default)]
    #[schema(max_length = 1000, example = "Noor")]
    pub first_name: Option<String>,
    /// Family name.
    #[serde(default)]
    #[schema(max_length = 1000, example = "Lindqvist")]
    pub last_name: Option<String>,
    /// E-mail addresses.
    #[serde(default)]
    pub emails: Option<Vec<OrderedContact>>,
    /// Phone numbers.
    #[serde(default)]
    pub phones: Option<Vec<OrderedContact>>,
    /// The candidate's page in the ATS.
    #[serde(default)]
    #[schema(max_length = 2048)]
    pub profile_url: Option<String>,
    /// Whatever else belongs to the candidate.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub passthrough: Option<Value>,
}

/// An address or a number.
#[derive(Debug, Deserialize, ToSchema)]
pub struct OrderedContact {
    /// What kind of it: `personal`, `work`, ...
    #[serde(default)]
    #[schema(example = "personal")]
    pub r#type: Option<String>,
    /// The address or number.
    #[serde(default)]
    #[schema(example = "noor.lindqvist@mail.example")]
    pub value: Option<String>,
}
