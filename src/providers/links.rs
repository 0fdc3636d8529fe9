//! Our endpoints as an ATS has to be given them.

use super::descriptor::Operation;
use std::borrow::Cow;

/// Where an ATS reaches us for one integration.
#[derive(Clone, Debug)]
pub struct Links {
    /// `{PUBLIC_URL}/external-trigger/{provider}`.
    pub base_url: String,
    /// What has to stand behind each URL as `?tenant-id=`, if anything.
    pub tenant_id: Option<String>,
}

/// Where an ATS reaches us: what stands before the path of each operation.
pub fn base_url(public_url: &str, provider: &str) -> String {
    format!("{public_url}/external-trigger/{provider}")
}

impl Links {
    /// The URL of an operation, its path's `{names}` as they are.
    pub fn template(&self, operation: &Operation) -> String {
        self.with_tenant(operation.path)
    }

    /// The URL of an operation, with what stands for each `{name}` of its path.
    pub fn url(&self, operation: &Operation, segments: &[(&str, &str)]) -> String {
        let mut path = operation.path.to_owned();
        for (name, value) in segments {
            path = path.replace(&format!("{{{name}}}"), &encoded(value));
        }
        self.with_tenant(&path)
    }

    fn with_tenant(&self, path: &str) -> String {
        let tenant = self.tenant_id.as_deref().map(|tenant| {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("tenant-id", tenant)
                .finish();
            format!("?{query}")
        });
        format!("{}/{path}{}", self.base_url, tenant.unwrap_or_default())
    }
}

/// A value as one segment of a path.
pub fn encoded(value: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if value.bytes().all(plain) && !matches!(value, "." | "..") {
        return Cow::Borrowed(value);
    }
    let spell = |byte: u8| match plain(byte) && !matches!(value, "." | "..") {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    Cow::Owned(value.bytes().map(spell).collect())
}

impl Operation {
    /// What stands for each `{name}`, where `tail` is this operation's path.
    pub fn matches<'a>(&self, tail: &'a str) -> Option<Vec<(&'static str, Cow<'a, str>)>> {
        let mut found = Vec::new();
        let mut given = tail.split('/');
        for wanted in self.path.split('/') {
            let segment = given.next()?;
            match wanted.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                Some(name) if !segment.is_empty() => found.push((name, Cow::Borrowed(segment))),
                None if wanted == segment => {}
                _ => return None,
            }
        }
        given.next().is_none().then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::descriptor::Basis;

    fn operation(path: &'static str) -> Operation {
        Operation {
            name: "read",
            method: "GET",
            path,
            purpose: "",
            basis: Basis::assumed(""),
        }
    }

    #[test]
    fn a_path_is_matched_segment_by_segment() {
        let link = operation("assessments/{id}/shared-link");
        let found = link.matches("assessments/17/shared-link").unwrap();
        assert_eq!(found, [("id", Cow::Borrowed("17"))]);
        for other in [
            "assessments//shared-link",
            "assessments/17",
            "assessments/17/shared-link/x",
            "",
        ] {
            assert_eq!(link.matches(other), None, "{other}");
        }
        assert_eq!(operation("tests").matches("tests"), Some(Vec::new()));
    }

    #[test]
    fn a_value_stays_one_segment_whatever_it_is() {
        let links = Links {
            base_url: "https://x.example/external-trigger/acme".to_owned(),
            tenant_id: Some("a b".to_owned()),
        };
        let cancel = operation("cancel/{report}");
        assert_eq!(
            links.url(&cancel, &[("report", "../é?")]),
            "https://x.example/external-trigger/acme/cancel/..%2F%C3%A9%3F?tenant-id=a+b"
        );
        assert_eq!(encoded(".."), "%2E%2E");
        assert!(links.template(&cancel).contains("/cancel/{report}?"));
    }
}
