//! What can be ordered.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A package: one thing that a recruiter can choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Package {
    /// The vendor's own id; unique in its list.
    #[schema(min_length = 1, max_length = 255, example = "pkg_9f3aK21")]
    pub id: String,
    /// What the recruiter reads in the list.
    #[schema(min_length = 1, max_length = 1000, example = "Backend engineer test")]
    pub name: String,
    /// More about it.
    #[serde(default)]
    #[schema(example = "90 minutes of coding")]
    pub description: Option<String>,
    /// The vendor's kind of package, such as `SKILLS_TEST`.
    #[serde(default)]
    #[schema(example = "SKILLS_TEST")]
    pub r#type: Option<String>,
    /// Anything the vendor wants to see again in the event.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Map<String, Value>>,
    /// The single checks or tests that it bundles.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>)]
    pub tests: Option<Vec<Map<String, Value>>>,
    /// What a recruiter may fill in when ordering, for ATSs that can ask.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>)]
    pub parameters: Option<Vec<Map<String, Value>>>,
}
