//! Registering with an ATS by API: one call for each step, and what is kept of its answer.

use super::descriptor::SetUpStep;
use super::links::Links;
use super::provider::{Call, CallResponse, Credentials};
use crate::domain::category::Category;
use crate::domain::problem::Problem;
use serde_json::Value;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// The set-up steps of a provider's descriptor, made calls of.
pub trait SetUp: Send + Sync {
    /// The call of a step, or what is missing for it.
    fn call(&self, step: &SetUpStep, about: &SetUpRequest<'_>) -> Result<Call, Problem>;

    /// What the ATS answered to it.
    fn read(&self, step: &SetUpStep, response: &CallResponse) -> Result<SetUpAnswer, Problem>;
}

/// What a step has to go by.
pub struct SetUpRequest<'a> {
    /// What the vendor offers through the integration.
    pub category: Category,
    /// Our endpoints, which the ATS will call.
    pub links: &'a Links,
    /// The integration's credentials, as far as they are set.
    pub credentials: &'a Credentials,
    /// What was given for this step alone.
    pub inputs: &'a BTreeMap<String, Zeroizing<String>>,
}

/// What is kept of an answer.
pub struct SetUpAnswer {
    /// Credential fields of the integration, with their new values.
    pub credentials: Vec<(&'static str, Zeroizing<String>)>,
    /// What the ATS says, without any secret.
    pub shown: Value,
}
