//! Query parameters that a form reader does not take: lists, given several times or with commas.

use super::paging::invalid;
use crate::domain::problem::Problem;
use actix_web::HttpRequest;
use std::borrow::Cow;
use std::ops::RangeInclusive;

/// The parameters of a request.
pub struct Parameters<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Parameters<'a> {
    /// Those of `request`.
    pub fn of(request: &'a HttpRequest) -> Self {
        Self(url::form_urlencoded::parse(request.query_string().as_bytes()).collect())
    }

    /// What is listed under any of `names`. No database takes a NUL in a text.
    pub fn list(&self, names: &[&str]) -> Result<Vec<String>, Problem> {
        let mut listed = Vec::new();
        for (name, value) in self.0.iter().filter(|(name, _)| names.contains(&name.as_ref())) {
            if value.contains('\0') {
                return Err(invalid(&format!("?{name}"), "a value has no NUL character"));
            }
            let entries = value.split(',').map(str::trim);
            listed.extend(entries.filter(|entry| !entry.is_empty()).map(str::to_owned));
        }
        Ok(listed)
    }

    /// The number under `name`, where there is one.
    pub fn number(&self, name: &str, default: usize, range: RangeInclusive<usize>) -> Result<usize, Problem> {
        let given = self
            .0
            .iter()
            .find(|(known, value)| known == name && !value.is_empty());
        let Some((_, value)) = given else {
            return Ok(default);
        };
        value
            .parse()
            .ok()
            .filter(|number| range.contains(number))
            .ok_or_else(|| {
                let message = format!(
                    "{name} must be a number from {} to {}",
                    range.start(),
                    range.end()
                );
                invalid(&format!("?{name}"), &message)
            })
    }
}
