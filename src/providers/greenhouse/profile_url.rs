//! Candidate and application ids out of `greenhouse_profile_url`
//! (`https://app.greenhouse.io/people/17681532?application_id=26234709`). Not promised by Greenhouse, so it
//! is read leniently and an id that is not all digits is no id.

/// The candidate's id: the path segment after `people`.
pub fn candidate_id(url: &str) -> Option<&str> {
    let path = url.split(['?', '#']).next()?;
    let mut segments = path
        .split('/')
        .map(str::trim)
        .skip_while(|segment| *segment != "people");
    digits(segments.nth(1)?)
}

/// The application's id: the query parameter `application_id`.
pub fn application_id(url: &str) -> Option<&str> {
    let query = url.split_once('?')?.1.split('#').next()?;
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| key.trim() == "application_id")
        .and_then(|(_, value)| digits(value))
}

fn digits(text: &str) -> Option<&str> {
    let mut text = text.trim().trim_end_matches('/').trim_end();
    let without_space = |text| {
        ["%20", "+"]
            .into_iter()
            .find_map(|space| str::strip_prefix(text, space).or_else(|| text.strip_suffix(space)))
    };
    while let Some(shorter) = without_space(text) {
        text = shorter;
    }
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, candidate: Option<&str>, application: Option<&str>) {
        assert_eq!(
            (candidate_id(url), application_id(url)),
            (candidate, application),
            "{url}"
        );
    }

    #[test]
    fn both_ids_are_found_however_the_url_is_decorated() {
        let base = "https://app.greenhouse.io/people";
        check(
            &format!("{base}/762198?application_id=87456321"),
            Some("762198"),
            Some("87456321"),
        );
        check(
            &format!("{base}/762198?application_id= 265277"),
            Some("762198"),
            Some("265277"),
        );
        check(
            &format!("{base}/762198?application_id=%20265277"),
            Some("762198"),
            Some("265277"),
        );
        check(
            &format!(" {base}/762198/?a=1&application_id=87/&b=2#x"),
            Some("762198"),
            Some("87"),
        );
        check(&format!("{base}/762198/applications"), Some("762198"), None);
    }

    #[test]
    fn what_is_no_id_is_none() {
        check("", None, None);
        check("https://app.greenhouse.io/people", None, None);
        check("https://app.greenhouse.io/people/?application_id=", None, None);
        check(
            "https://app.greenhouse.io/people/abc?application_id=12x",
            None,
            None,
        );
        check("https://app.greenhouse.io/?x=/people/1", None, None);
    }
}
