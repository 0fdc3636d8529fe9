//! A package as it is shown, whole or in the fields that are wanted.

use crate::domain::package::Package;
use crate::domain::problem::{ErrorCode, Problem};
use crate::http::paging::invalid;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

/// A package as it is shown: the vendor's id stands twice, for StackOne's clients. With `fields` only those.
#[derive(Serialize, ToSchema)]
pub struct ShownPackage {
    /// Your id.
    #[schema(required = false, example = "pkg_9f3aK21")]
    id: String,
    /// Your id.
    #[schema(required = false, example = "pkg_9f3aK21")]
    remote_id: String,
    /// What the recruiter reads.
    #[schema(required = false, example = "Backend engineer test")]
    name: String,
    /// More about it.
    #[schema(example = "90 minutes of coding")]
    description: Option<String>,
    /// Your kind of package.
    #[schema(example = "SKILLS_TEST")]
    r#type: Option<String>,
    /// Yours.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
    /// The single checks or tests that it bundles.
    tests: Option<Vec<ShownTest>>,
    /// What a recruiter may fill in when ordering.
    #[schema(value_type = Option<Vec<Object>>)]
    parameters: Option<Vec<Map<String, Value>>>,
}

impl ShownPackage {
    pub fn of(package: Package) -> Self {
        let tests = package.tests;
        Self {
            remote_id: package.id.clone(),
            id: package.id,
            name: package.name,
            description: package.description,
            r#type: package.r#type,
            metadata: package.metadata,
            tests: tests.map(|tests| tests.into_iter().map(ShownTest::of).collect()),
            parameters: package.parameters,
        }
    }
}

/// A single check or test of a package, with whatever else you gave it.
#[derive(Serialize, ToSchema)]
pub struct ShownTest {
    /// Your id.
    id: Option<String>,
    /// Your id.
    remote_id: Option<String>,
    /// What it is called.
    name: Option<String>,
    /// More about it.
    description: Option<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    more: Map<String, Value>,
}

impl ShownTest {
    fn of(mut test: Map<String, Value>) -> Self {
        let mut text = |key: &str| match test.remove(key) {
            Some(Value::String(text)) => Some(text),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let id = text("id");
        Self {
            remote_id: text("remote_id").or_else(|| id.clone()),
            id,
            name: text("name"),
            description: text("description"),
            more: test,
        }
    }
}

/// What is shown of packages.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Shape {
    /// Only these fields, separated by commas; all where it is empty.
    #[param(example = "id,name")]
    fields: Option<String>,
    /// `true` adds `raw`.
    #[param(value_type = Option<bool>)]
    raw: Option<String>,
}

impl Shape {
    /// The fields that are wanted of `shown`.
    pub fn of(&self, shown: ShownPackage) -> Result<Value, Problem> {
        let mut value = serde_json::to_value(shown).map_err(|_| Problem::of(ErrorCode::Internal))?;
        let wanted = self.fields.as_deref().unwrap_or_default();
        let wanted: Vec<_> = wanted
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .collect();
        if let (false, Some(object)) = (wanted.is_empty(), value.as_object_mut()) {
            object.retain(|key, _| wanted.contains(&key.as_str()));
        }
        Ok(value)
    }

    /// An empty `raw`, where it is wanted.
    pub fn raw(&self) -> Result<Option<[(); 0]>, Problem> {
        match self.raw.as_deref() {
            None | Some("" | "false") => Ok(None),
            Some("true") => Ok(Some([])),
            Some(_) => Err(invalid("?raw", "raw must be true or false")),
        }
    }
}
