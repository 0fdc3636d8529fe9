//! Where an ATS puts the trigger token when it calls us, and how it is read from there.

use super::provider::{Claim, Refusal, Request};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde::Serialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// Where the ATS puts the trigger token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenIn {
    /// HTTP Basic: the user name.
    BasicUser,
    /// HTTP Basic: the user name or the password.
    BasicUserOrPassword,
    /// `Authorization: Bearer`.
    Bearer,
}

impl TokenIn {
    /// Whose call a request says it is.
    pub fn claim(self, request: &Request<'_>) -> Result<Claim, Refusal> {
        let tokens = match self {
            Self::BasicUser => basic(request).map(|(user, _)| vec![user]),
            Self::BasicUserOrPassword => basic(request).map(|(user, password)| vec![user, password]),
            Self::Bearer => bearer(request).map(|token| vec![token]),
        };
        let mut tokens = tokens.unwrap_or_default();
        tokens.retain(|token| !token.is_empty());
        if tokens.is_empty() {
            return Err(Refusal::Unauthenticated);
        }
        Ok(Claim::Tokens(tokens))
    }

    /// The challenge that goes with a 401 (RFC 9110, section 11.6.1).
    pub fn challenge(self) -> &'static str {
        match self {
            Self::BasicUser | Self::BasicUserOrPassword => "Basic realm=\"crosscheck\"",
            Self::Bearer => "Bearer realm=\"crosscheck\"",
        }
    }
}

/// The value of an HTTP Basic `Authorization` header.
pub fn basic_header(user: &str, password: &str) -> Zeroizing<String> {
    let pair = Zeroizing::new(format!("{user}:{password}"));
    Zeroizing::new(format!("Basic {}", BASE64.encode(pair.as_bytes())))
}

fn basic(request: &Request<'_>) -> Option<(Zeroizing<String>, Zeroizing<String>)> {
    let decoded = Zeroizing::new(BASE64.decode(credentials(request, "basic")?).ok()?);
    let text = std::str::from_utf8(&decoded).ok()?;
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    Some((
        Zeroizing::new(user.to_owned()),
        Zeroizing::new(password.to_owned()),
    ))
}

fn bearer(request: &Request<'_>) -> Option<Zeroizing<String>> {
    credentials(request, "bearer").map(|token| Zeroizing::new(token.to_owned()))
}

fn credentials<'a>(request: &Request<'a>, wanted: &str) -> Option<&'a str> {
    let (scheme, credentials) = request.header("authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case(wanted).then(|| credentials.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(place: TokenIn, header: &str) -> Vec<String> {
        let request = Request {
            path: Vec::new(),
            query: Vec::new(),
            headers: vec![("Authorization", header)],
            body: b"",
        };
        match place.claim(&request) {
            Ok(Claim::Tokens(tokens)) => tokens.iter().map(|token| token.to_string()).collect(),
            Err(refusal) => {
                assert_eq!(refusal, Refusal::Unauthenticated);
                Vec::new()
            }
        }
    }

    #[test]
    fn a_token_is_found_where_the_ats_puts_it_and_nowhere_else() {
        let basic = |user: &str, password: &str| basic_header(user, password).to_string();
        assert_eq!(tokens(TokenIn::BasicUser, &basic("t", "")), ["t"]);
        assert_eq!(tokens(TokenIn::BasicUser, &basic("", "t")), [""; 0]);
        assert_eq!(tokens(TokenIn::BasicUserOrPassword, &basic("", "t")), ["t"]);
        assert_eq!(
            tokens(TokenIn::BasicUserOrPassword, &basic("key", "t")),
            ["key", "t"]
        );
        assert_eq!(tokens(TokenIn::Bearer, "bearer  t"), ["t"]);
        assert_eq!(tokens(TokenIn::Bearer, &basic("t", "")), [""; 0]);
        for nonsense in ["", "Basic", "Basic !!!", "Bearer ", "t"] {
            assert_eq!(tokens(TokenIn::BasicUser, nonsense), [""; 0], "{nonsense}");
            assert_eq!(tokens(TokenIn::Bearer, nonsense), [""; 0], "{nonsense}");
        }
    }
}
