//! Secrets and credentials as texts: what `Authorization` says, and what a signing secret signs.

use super::Target;
use super::input::{Input, part};
use crosscheck::domain::timestamp::Timestamp;
use crosscheck::outbox::signing;
use crosscheck::providers::authorization::{TokenIn, basic_header};
use crosscheck::providers::provider::{Claim, Request};
use standardwebhooks::Webhook;

pub const TARGET: Target = Target {
    name: "signatures",
    check,
    seeds,
};

pub fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    match input.byte() {
        0 => check_header(input.rest()),
        1 => check_pair(&input.text(), &input.text()),
        _ => check_signature(&mut input),
    }
}

fn tokens(place: TokenIn, header: &str) -> Vec<String> {
    let request = Request {
        path: Vec::new(),
        query: Vec::new(),
        headers: vec![("Authorization", header)],
        body: b"",
    };
    match place.claim(&request) {
        Ok(Claim::Tokens(tokens)) => tokens.iter().map(|token| token.to_string()).collect(),
        Err(_) => Vec::new(),
    }
}

/// Whatever a header says, a token has characters, and comes by one scheme alone.
fn check_header(header: &[u8]) {
    let Ok(header) = std::str::from_utf8(header) else {
        return;
    };
    let [user, either, bearer] = [TokenIn::BasicUser, TokenIn::BasicUserOrPassword, TokenIn::Bearer]
        .map(|place| tokens(place, header));
    assert!(
        [&user, &either, &bearer]
            .into_iter()
            .flatten()
            .all(|token| !token.is_empty())
    );
    assert!(
        user.iter().all(|token| either.contains(token)),
        "either place has the first among it"
    );
    assert!(bearer.is_empty() || either.is_empty(), "a header has one scheme");
}

/// A user name and password that we write are read as they were.
fn check_pair(user: &str, password: &str) {
    if user.contains(':') {
        return;
    }
    let header = basic_header(user, password);
    let filled = |texts: &[&str]| {
        texts
            .iter()
            .filter(|text| !text.is_empty())
            .map(ToString::to_string)
            .collect()
    };
    let (either, first): (Vec<_>, Vec<_>) = (filled(&[user, password]), filled(&[user]));
    assert_eq!(tokens(TokenIn::BasicUserOrPassword, &header), either);
    assert_eq!(tokens(TokenIn::BasicUser, &header), first);
}

/// What a secret signs is what the official library signs with it.
fn check_signature(input: &mut Input<'_>) {
    let (old, new) = (input.text(), input.text());
    let at = Timestamp(i64::from(input.byte()) * 1_000_000_000);
    let body = String::from_utf8_lossy(input.rest()).into_owned();
    let signed = signing::headers([old.as_str(), new.as_str()], "evt_1", at, body.as_bytes());
    let [(_, id), (_, timestamp), (_, signature)] = &signed;
    assert_eq!((id.as_str(), timestamp.parse()), ("evt_1", Ok(at.seconds())));
    let signatures: Vec<_> = signature.split(' ').collect();
    assert_eq!(signatures.len(), 2, "each secret signs");
    for (secret, signature) in [old, new].iter().zip(signatures) {
        assert!(
            signature.starts_with("v1,") && signature.len() == 47,
            "{signature}"
        );
        if let Ok(official) = Webhook::new(secret) {
            assert_eq!(
                official
                    .sign("evt_1", at.seconds(), body.as_bytes())
                    .ok()
                    .as_deref(),
                Some(signature)
            );
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let header = |text: &str| [b"\0", text.as_bytes()].concat();
    let pair =
        |user: &str, password: &str| [&[1][..], &part(user.as_bytes()), &part(password.as_bytes())].concat();
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    vec![
        header(&basic_header("token", "")),
        header(&basic_header("user", "token")),
        header("Bearer token"),
        header("basic dG9rZW4"),
        pair("token", ""),
        pair("", "token"),
        pair("us\u{e9}r", "pass:word"),
        [
            &[2][..],
            &part(secret.as_bytes()),
            &part(b"no base64"),
            &[1],
            b"{}",
        ]
        .concat(),
        [&[2][..], &part(b"whsec_"), &part(b""), &[1], b"{\"a\": 1}"].concat(),
    ]
}
