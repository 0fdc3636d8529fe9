//! What a provider says of itself, as data. It drives routing, the connector meta, the check before a result
//! is sent, and what people are told to do. What a provider lacks is absent here and answers 501.

use crate::domain::account::AuthType;
use crate::domain::category::Category;
use serde::Serialize;

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
    /// What the customer has to give, beyond the trigger token that we give to the customer.
    pub credential_fields: &'static [CredentialField],
    /// The endpoints that the ATS calls.
    pub operations: &'static [Operation],
    /// What of a result it takes and where the recruiter sees it; the same in each category.
    pub result_fields: &'static [ResultField],
    /// What people have to do, in order, before the first order.
    pub setup_steps: &'static [&'static str],
}

impl Descriptor {
    /// The operation of that name.
    pub fn operation(&self, name: &str) -> Option<&'static Operation> {
        self.operations.iter().find(|operation| operation.name == name)
    }
}

/// A credential of the customer's.
#[derive(Debug, Serialize)]
pub struct CredentialField {
    /// Its key in `credentials`.
    pub name: &'static str,
    /// What a form calls it.
    pub label: &'static str,
    /// Whether it must be kept from eyes.
    pub secret: bool,
    /// Whether the account cannot work without it.
    pub required: bool,
    /// What it has to look like (a regular expression), where that is known.
    pub pattern: Option<&'static str>,
    /// Where the customer finds it.
    pub found_at: &'static str,
}

/// An endpoint that the ATS calls.
#[derive(Debug)]
pub struct Operation {
    /// Its name, in logs and on the command line.
    pub name: &'static str,
    /// GET, POST, ...
    pub method: &'static str,
    /// What follows `/external-trigger/{provider}/`.
    pub path: &'static str,
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
    /// Values that the ATS shows only as "complete": kept, and named in `warnings[]`.
    pub not_told_apart: &'static [&'static str],
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
}

/// When a result field must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// Never.
    Optional,
    /// Once the order is complete.
    WhenComplete,
}
