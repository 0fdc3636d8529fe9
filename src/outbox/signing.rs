//! Standard Webhooks 1.0.0: `webhook-id`, `webhook-timestamp`, `webhook-signature` over exactly the bytes sent; and
//! beside them, for receivers that were written for other products, the signatures of those.

use crate::ambient::{Ambient, random_key};
use crate::crypto::hmac_sha256;
use crate::domain::timestamp::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64_URL};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

const PREFIX: &str = "whsec_";

/// A fresh signing secret: `whsec_` and 32 random bytes.
pub fn new_secret(ambient: &dyn Ambient) -> Zeroizing<String> {
    let key = Zeroizing::new(random_key::<32>(ambient));
    Zeroizing::new(format!("{PREFIX}{}", BASE64.encode(key.as_slice())))
}

/// The three headers. Every secret signs, so that a receiver may hold the old or the new one.
pub fn headers<'a>(
    secrets: impl IntoIterator<Item = &'a str>,
    id: &str,
    at: Timestamp,
    body: &[u8],
) -> [(&'static str, String); 3] {
    let timestamp = at.seconds().to_string();
    let signatures: Vec<String> = secrets
        .into_iter()
        .map(|secret| signature(secret, id, &timestamp, body))
        .collect();
    [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", timestamp),
        ("webhook-signature", signatures.join(" ")),
    ]
}

/// A header by which another product's receivers know its calls. It signs the bytes alone, no time: a receiver that can
/// verify the standard ones should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compatible {
    /// `x-stackone-signature`.
    Stackone,
    /// `x-knit-signature`.
    Knit,
}

impl Compatible {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::Stackone, Self::Knit];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stackone => "stackone",
            Self::Knit => "knit",
        }
    }

    /// The one that `text` names.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }

    /// The header of `body`: HMAC-SHA256 keyed by the secret as it is written, in base64url without padding, which
    /// is how both products sign.
    pub fn header(self, secret: &str, body: &[u8]) -> (&'static str, String) {
        let name = match self {
            Self::Stackone => "x-stackone-signature",
            Self::Knit => "x-knit-signature",
        };
        (name, BASE64_URL.encode(hmac_sha256(secret.as_bytes(), &[body])))
    }
}

fn signature(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> String {
    let encoded = secret.strip_prefix(PREFIX).unwrap_or(secret);
    let key = Zeroizing::new(
        BASE64
            .decode(encoded)
            .unwrap_or_else(|_| secret.as_bytes().to_vec()),
    );
    let mac = hmac_sha256(&key, &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body]);
    format!("v1,{}", BASE64.encode(mac))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient::System;

    /// The vector that the Standard Webhooks libraries share.
    #[test]
    fn signs_as_the_reference_libraries_do() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let at = Timestamp(1_614_265_330_000);
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let [_, timestamp, signature] = headers([secret], id, at, br#"{"test": 2432232314}"#);
        assert_eq!(timestamp.1, "1614265330");
        assert_eq!(signature.1, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_of_two_secrets_verifies_with_the_official_library() {
        let (old, new) = (new_secret(&System), new_secret(&System));
        let at = System.now();
        let signed = headers([new.as_str(), old.as_str()], "evt_1", at, b"{}");
        let mut map = http_headers(&signed);
        for secret in [&old, &new] {
            let verifier = standardwebhooks::Webhook::new(secret).unwrap();
            assert!(verifier.verify(b"{}", &map).is_ok());
            assert!(verifier.verify(b"{ }", &map).is_err());
        }
        map.insert("webhook-id", "evt_2".parse().unwrap());
        assert!(
            standardwebhooks::Webhook::new(&new)
                .unwrap()
                .verify(b"{}", &map)
                .is_err()
        );
    }

    fn http_headers(signed: &[(&'static str, String)]) -> reqwest::header::HeaderMap {
        signed
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }
}
