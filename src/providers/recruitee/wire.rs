//! Recruitee's bodies, typed. Unknown keys are skipped here and survive in the origin data.

use crate::json::Schema;
use crate::providers::wire::{Id, Schemas, Text, compile};
use serde::Deserialize;
use std::sync::LazyLock;

/// The schemas of Recruitee's wire, by name.
pub const SCHEMAS: Schemas = &[
    (
        "tests.response",
        include_str!("../../../schemas/recruitee/tests.response.json"),
    ),
    (
        "send_candidate.request",
        include_str!("../../../schemas/recruitee/send_candidate.request.json"),
    ),
    (
        "send_candidate.response",
        include_str!("../../../schemas/recruitee/send_candidate.response.json"),
    ),
    (
        "cancel.response",
        include_str!("../../../schemas/recruitee/cancel.response.json"),
    ),
    (
        "refusal.response",
        include_str!("../../../schemas/recruitee/refusal.response.json"),
    ),
    (
        "report.request",
        include_str!("../../../schemas/recruitee/report.request.json"),
    ),
    (
        "report.response",
        include_str!("../../../schemas/recruitee/report.response.json"),
    ),
    (
        "create_partner.request",
        include_str!("../../../schemas/recruitee/partner.request.json"),
    ),
    (
        "create_partner.response",
        include_str!("../../../schemas/recruitee/partner.response.json"),
    ),
    (
        "update_partner.request",
        include_str!("../../../schemas/recruitee/partner.request.json"),
    ),
    (
        "update_partner.response",
        include_str!("../../../schemas/recruitee/partner.response.json"),
    ),
    (
        "read_partner.response",
        include_str!("../../../schemas/recruitee/partner.response.json"),
    ),
    (
        "regenerate_secret.response",
        include_str!("../../../schemas/recruitee/regenerate_secret.response.json"),
    ),
];

pub static SEND_CANDIDATE: LazyLock<Option<Schema>> =
    LazyLock::new(|| compile(SCHEMAS, "send_candidate.request"));

/// The body of `POST send_candidate`.
#[derive(Deserialize)]
pub struct SendCandidate<'a> {
    #[serde(borrow)]
    pub first_name: Text<'a>,
    #[serde(borrow)]
    pub last_name: Text<'a>,
    #[serde(borrow)]
    pub email: Text<'a>,
    /// Under the name that our partner gives this input.
    #[serde(borrow, default)]
    pub phone: Option<Text<'a>>,
    #[serde(borrow)]
    pub candidate_id: Id<'a>,
    /// Checked to be an id; it stays in the origin data.
    #[serde(borrow, rename = "company_id")]
    pub _company_id: Id<'a>,
    #[serde(borrow)]
    pub report_id: Id<'a>,
    #[serde(borrow)]
    pub test_id: Id<'a>,
    #[serde(borrow, default)]
    pub test_name: Option<Text<'a>>,
}
