//! How a project and its customers are linked to an ATS.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which of a provider's interfaces an integration uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthType {
    /// The partner interface alone.
    #[default]
    PartnerApi,
    /// The partner interface, and the ATS's public API with the customer's credentials.
    PublicAndPartnerApi,
}

impl AuthType {
    /// The wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PartnerApi => "partner_api",
            Self::PublicAndPartnerApi => "public_and_partner_api",
        }
    }

    /// The type that `text` names.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::PartnerApi, Self::PublicAndPartnerApi]
            .into_iter()
            .find(|one| one.as_str() == text)
    }
}
