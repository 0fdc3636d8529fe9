//! Greenhouse's bodies, typed. Unknown keys are skipped here and survive in the origin data.
//! Each body has a JSON Schema beside it that says the same; a property test holds the two together.

use crate::json::Schema;
use crate::providers::wire::{Id, Schemas, Text, compile, object, optional_object};
use serde::Deserialize;
use std::sync::LazyLock;

/// The schemas of Greenhouse's wire, by name.
pub const SCHEMAS: Schemas = &[
    (
        "send_test.request",
        include_str!("../../../schemas/greenhouse/send_test.request.json"),
    ),
    (
        "send_test.response",
        include_str!("../../../schemas/greenhouse/send_test.response.json"),
    ),
    (
        "list_tests.response",
        include_str!("../../../schemas/greenhouse/list_tests.response.json"),
    ),
    (
        "test_status.response",
        include_str!("../../../schemas/greenhouse/test_status.response.json"),
    ),
    (
        "response_error.request",
        include_str!("../../../schemas/greenhouse/response_error.request.json"),
    ),
    (
        "response_error.response",
        include_str!("../../../schemas/greenhouse/response_error.response.json"),
    ),
];

pub static SEND_TEST: LazyLock<Option<Schema>> = LazyLock::new(|| compile(SCHEMAS, "send_test.request"));
pub static RESPONSE_ERROR: LazyLock<Option<Schema>> =
    LazyLock::new(|| compile(SCHEMAS, "response_error.request"));

/// The body of `POST send_test`.
#[derive(Deserialize)]
pub struct SendTest<'a> {
    #[serde(borrow)]
    pub partner_test_id: Id<'a>,
    #[serde(borrow, deserialize_with = "object")]
    pub candidate: Candidate<'a>,
    #[serde(borrow, default, deserialize_with = "optional_object")]
    pub application: Option<Application<'a>>,
    #[serde(borrow, default)]
    pub candidate_id: Option<Id<'a>>,
    #[serde(borrow, default)]
    pub application_id: Option<Id<'a>>,
    /// Who pressed the button. Checked to be text; it stays in the origin data.
    #[serde(borrow, default, rename = "sent_by")]
    pub _sent_by: Option<Text<'a>>,
    /// The callback URL, one for each test that was sent.
    #[serde(borrow)]
    pub url: Text<'a>,
}

#[derive(Deserialize)]
pub struct Candidate<'a> {
    #[serde(borrow, default)]
    pub id: Option<Id<'a>>,
    #[serde(borrow, default)]
    pub candidate_id: Option<Id<'a>>,
    #[serde(borrow, default)]
    pub application_id: Option<Id<'a>>,
    #[serde(borrow)]
    pub first_name: Text<'a>,
    #[serde(borrow)]
    pub last_name: Text<'a>,
    /// What the candidate wants to be called. The unified record has no place for it (seed 003): checked to
    /// be text, it stays in the origin data.
    #[serde(borrow, default, rename = "preferred_name")]
    pub _preferred_name: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub resume_url: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub phone_number: Option<Text<'a>>,
    #[serde(borrow)]
    pub email: Text<'a>,
    #[serde(borrow)]
    pub greenhouse_profile_url: Text<'a>,
}

#[derive(Deserialize)]
pub struct Application<'a> {
    #[serde(borrow, default)]
    pub id: Option<Id<'a>>,
}

/// The body of `POST response_error`.
#[derive(Deserialize)]
pub struct ResponseError<'a> {
    #[serde(borrow)]
    pub api_call: Text<'a>,
    #[serde(borrow)]
    pub errors: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub partner_interview_id: Option<Id<'a>>,
}
