//! What kind of thing is ordered. It is data: no code path depends on which one it is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The kind of an order, as it stands in paths and bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Tests of skill or personality.
    Assessments,
    /// Checks of a candidate's past.
    BackgroundChecks,
    /// Statements of former colleagues.
    ReferenceChecks,
}

impl Category {
    /// Every category.
    pub const ALL: [Self; 3] = [Self::Assessments, Self::BackgroundChecks, Self::ReferenceChecks];

    /// As it stands in paths: `assessments`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Assessments => "assessments",
            Self::BackgroundChecks => "background_checks",
            Self::ReferenceChecks => "reference_checks",
        }
    }

    /// The category that `text` names.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.as_str() == text)
    }

    /// How an order's id begins.
    pub fn order_prefix(self) -> &'static str {
        match self {
            Self::Assessments => "ats_ass_",
            Self::BackgroundChecks => "ats_bgc_",
            Self::ReferenceChecks => "ats_ref_",
        }
    }

    /// An event's `syncDataType`.
    pub fn sync_data_type(self) -> &'static str {
        match self {
            Self::Assessments => "ats_assessments",
            Self::BackgroundChecks => "ats_background_checks",
            Self::ReferenceChecks => "ats_reference_checks",
        }
    }

    /// The key under which an event's `eventData` carries the record.
    pub fn record_key(self) -> &'static str {
        match self {
            Self::Assessments => "candidateAssessment",
            Self::BackgroundChecks => "candidateBackgroundCheck",
            Self::ReferenceChecks => "candidateReferenceCheck",
        }
    }
}

impl std::fmt::Display for Category {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}
