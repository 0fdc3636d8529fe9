//! What can be ordered.

use super::category::Category;
use super::id::ProjectId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

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
    /// What a recruiter may fill in when ordering, for ATSs that can ask. Read are `id` (else `name`), `name`,
    /// `type` (`text`, `long_text`, `number`, `boolean`, `date`, `email`, `phone`, `url`, `select`,
    /// `multi_select`), `required` and `values` (texts, or objects with `id` and `name`).
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>)]
    pub parameters: Option<Vec<Map<String, Value>>>,
}

/// A package on offer.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// The package.
    pub package: Package,
    /// Its UUID, for ATSs that insist on one.
    pub uuid: Uuid,
}

/// The UUID of a package: the same for ever, different in each project and category.
pub fn uuid(project: &ProjectId, category: Category, id: &str) -> Uuid {
    Uuid::new_v5(&project.uuid(), format!("{category}/{id}").as_bytes())
}

/// Something that a recruiter may fill in when ordering.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Under which id the value comes back.
    pub id: String,
    /// What the form calls it.
    pub name: String,
    /// The vendor's word for its type; `text` where there is none.
    pub r#type: String,
    /// Whether it has to be filled in.
    pub required: bool,
    /// What may be chosen: ids with their names.
    pub values: Vec<(String, String)>,
}

impl Parameter {
    /// The parameter that a vendor's object describes; none where it has neither id nor name.
    pub fn read(object: &Map<String, Value>) -> Option<Self> {
        let text = |key: &str| {
            object
                .get(key)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
        };
        let id = text("id").or_else(|| text("name"))?;
        let values = object.get("values").and_then(Value::as_array);
        Some(Self {
            id: id.to_owned(),
            name: text("name").unwrap_or(id).to_owned(),
            r#type: text("type").unwrap_or("text").to_owned(),
            required: object
                .get("required")
                .and_then(Value::as_bool)
                .unwrap_or_default(),
            values: values.into_iter().flatten().filter_map(choice).collect(),
        })
    }
}

/// A text, or an object with `id` and `name`.
fn choice(value: &Value) -> Option<(String, String)> {
    let owned = |value: &Value| value.as_str().map(str::to_owned);
    match value {
        Value::Object(object) => {
            let id = object.get("id").and_then(owned)?;
            Some((id.clone(), object.get("name").and_then(owned).unwrap_or(id)))
        }
        plain => owned(plain).map(|text| (text.clone(), text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_parameter_is_read_from_what_the_vendor_wrote() {
        let read = |value: Value| Parameter::read(value.as_object().unwrap());
        let full = json!({"id": "lvl", "name": "Level", "type": "select", "required": true,
            "values": ["junior", {"id": "s", "name": "senior"}, {"id": "x"}, 7]});
        let pair = |id: &str, name: &str| (id.to_owned(), name.to_owned());
        assert_eq!(
            read(full),
            Some(Parameter {
                id: "lvl".to_owned(),
                name: "Level".to_owned(),
                r#type: "select".to_owned(),
                required: true,
                values: vec![pair("junior", "junior"), pair("s", "senior"), pair("x", "x")],
            })
        );
        let bare = read(json!({"name": "note"})).unwrap();
        assert_eq!(
            (bare.id.as_str(), bare.r#type.as_str(), bare.required),
            ("note", "text", false)
        );
        assert_eq!(read(json!({"type": "text"})), None);
    }

    #[test]
    fn a_package_has_one_uuid_in_each_project_and_category() {
        let (one, other) = (
            ProjectId::new(Uuid::from_u128(1)),
            ProjectId::new(Uuid::from_u128(2)),
        );
        let of = |project, category| uuid(project, category, "pkg_1");
        let first = of(&one, Category::Assessments);
        assert_eq!(first, of(&one, Category::Assessments));
        assert_ne!(first, of(&other, Category::Assessments));
        assert_ne!(first, of(&one, Category::BackgroundChecks));
    }
}
