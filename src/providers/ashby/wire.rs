//! Ashby's bodies, typed. Unknown keys are skipped here and survive in the origin data.

use crate::json::Schema;
use crate::providers::wire::{Id, Schemas, Text, compile, object, optional_object, optional_objects};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::sync::LazyLock;

/// The schemas of Ashby's wire, by name.
pub const SCHEMAS: Schemas = &[
    (
        "assessment.list.response",
        include_str!("../../../schemas/ashby/assessment.list.response.json"),
    ),
    (
        "assessment.start.request",
        include_str!("../../../schemas/ashby/assessment.start.request.json"),
    ),
    (
        "assessment.start.response",
        include_str!("../../../schemas/ashby/assessment.start.response.json"),
    ),
    (
        "assessment.cancel.request",
        include_str!("../../../schemas/ashby/assessment.cancel.request.json"),
    ),
    (
        "assessment.cancel.response",
        include_str!("../../../schemas/ashby/assessment.cancel.response.json"),
    ),
    (
        "assessment.customField.list.response",
        include_str!("../../../schemas/ashby/assessment.customField.list.response.json"),
    ),
    (
        "assessment.update.request",
        include_str!("../../../schemas/ashby/assessment.update.request.json"),
    ),
    (
        "assessment.update.response",
        include_str!("../../../schemas/ashby/assessment.update.response.json"),
    ),
    (
        "refusal.response",
        include_str!("../../../schemas/ashby/refusal.response.json"),
    ),
];

pub static START: LazyLock<Option<Schema>> = LazyLock::new(|| compile(SCHEMAS, "assessment.start.request"));
pub static CANCEL: LazyLock<Option<Schema>> = LazyLock::new(|| compile(SCHEMAS, "assessment.cancel.request"));

/// The body of `assessment.start`.
#[derive(Deserialize)]
pub struct Start<'a> {
    #[serde(borrow)]
    pub assessment_type_id: Id<'a>,
    #[serde(borrow, deserialize_with = "object")]
    pub candidate: Candidate<'a>,
    #[serde(borrow, deserialize_with = "object")]
    pub application: Application<'a>,
    #[serde(borrow, deserialize_with = "object")]
    pub job: Job<'a>,
    /// What the recruiter filled in, by the ids of our custom fields.
    #[serde(borrow, default)]
    pub additional_fields: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub struct Candidate<'a> {
    #[serde(borrow)]
    pub ashby_id: Id<'a>,
    #[serde(borrow)]
    pub first_name: Text<'a>,
    #[serde(borrow)]
    pub last_name: Text<'a>,
    #[serde(borrow)]
    pub email: Text<'a>,
    #[serde(borrow)]
    pub ashby_profile_url: Text<'a>,
}

#[derive(Deserialize)]
pub struct Application<'a> {
    #[serde(borrow)]
    pub ashby_id: Id<'a>,
    /// Checked to be text; it stays in the origin data.
    #[serde(borrow, rename = "status")]
    pub _status: Text<'a>,
}

#[derive(Deserialize)]
pub struct Job<'a> {
    #[serde(borrow)]
    pub ashby_id: Id<'a>,
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Checked to be text; it stays in the origin data.
    #[serde(borrow, default, rename = "req_id")]
    pub _req_id: Option<Text<'a>>,
    /// Checked to be text; it stays in the origin data.
    #[serde(borrow, rename = "ashby_job_url")]
    pub _ashby_job_url: Text<'a>,
    #[serde(borrow, default, rename = "hiringTeam", deserialize_with = "optional_objects")]
    pub hiring_team: Option<Vec<Member<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member<'a> {
    #[serde(borrow, default)]
    pub user_id: Option<Id<'a>>,
    #[serde(borrow, default)]
    pub first_name: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub last_name: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub email: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub role: Option<Text<'a>>,
}

/// The body of `assessment.cancel`.
#[derive(Deserialize)]
pub struct Cancel<'a> {
    #[serde(borrow)]
    pub assessment_id: Text<'a>,
}

/// What Ashby answers to a call of ours. A 200 may carry a failure.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answered {
    #[serde(default)]
    pub success: Option<bool>,
    #[serde(default, deserialize_with = "optional_object")]
    pub error_info: Option<ErrorInfo>,
}

#[derive(Deserialize)]
pub struct ErrorInfo {
    #[serde(default)]
    pub code: Option<String>,
}
