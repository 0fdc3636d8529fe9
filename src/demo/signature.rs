//! How a vendor checks that a webhook is genuine: Standard Webhooks, written out here as a vendor without a
//! library would write it.

use crate::crypto::hmac_sha256;
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};

/// How far the sender's clock may be from ours, in seconds.
const TOLERANCE: u64 = 5 * 60;

/// The three headers of a webhook.
#[derive(Clone)]
pub struct SignedHeaders {
    /// `webhook-id`: the same on every try, so that the second can be told from a second event.
    pub id: String,
    /// `webhook-timestamp`: seconds since 1970.
    pub timestamp: String,
    /// `webhook-signature`: `v1,...`, one for each secret that is valid, spaces between.
    pub signature: String,
}

/// Why a webhook is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// The secret is not `whsec_` and base64.
    #[error("the secret is not whsec_ and base64")]
    Secret,
    /// The timestamp is no number, or too far from now: it may be an old message sent again.
    #[error("webhook-timestamp is not within five minutes of now")]
    Timestamp,
    /// No signature is that of the secret.
    #[error("webhook-signature does not fit the body")]
    Signature,
}

/// Checks `body` as received, before anything of it is parsed. `now` is in seconds since 1970.
pub fn verify(secret: &str, headers: &SignedHeaders, body: &[u8], now: i64) -> Result<(), Forged> {
    let key = secret.strip_prefix("whsec_").ok_or(Forged::Secret)?;
    // With an empty key anybody could sign.
    let key = BASE64
        .decode(key)
        .ok()
        .filter(|key| !key.is_empty())
        .ok_or(Forged::Secret)?;
    let sent: i64 = headers.timestamp.parse().map_err(|_| Forged::Timestamp)?;
    if now.abs_diff(sent) > TOLERANCE {
        return Err(Forged::Timestamp);
    }
    let signed = [
        headers.id.as_bytes(),
        b".",
        headers.timestamp.as_bytes(),
        b".",
        body,
    ];
    let expected = hmac_sha256(&key, &signed);
    let genuine = headers
        .signature
        .split(' ')
        .filter_map(|one| BASE64.decode(one.strip_prefix("v1,")?).ok())
        .any(|signature| equal(&signature, &expected));
    if genuine { Ok(()) } else { Err(Forged::Signature) }
}

/// Equality that takes equally long wherever the difference is, so that no signature can be guessed byte by
/// byte.
fn equal(one: &[u8], other: &[u8]) -> bool {
    let difference = one
        .iter()
        .zip(other)
        .fold(0, |difference, (one, other)| difference | (one ^ other));
    one.len() == other.len() && difference == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_770_112_800;

    fn sign(key: &[u8], id: &str, timestamp: i64, body: &[u8]) -> SignedHeaders {
        let timestamp = timestamp.to_string();
        let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
        SignedHeaders {
            signature: format!("v1,{}", BASE64.encode(hmac_sha256(key, &signed))),
            id: id.to_owned(),
            timestamp,
        }
    }

    fn secret(key: &[u8]) -> String {
        format!("whsec_{}", BASE64.encode(key))
    }

    #[test]
    fn what_the_official_library_signs_is_genuine() {
        let secret = secret(b"thirty-two bytes of a shared key");
        let official = standardwebhooks::Webhook::new(&secret).unwrap();
        let headers = SignedHeaders {
            signature: official.sign("evt_1", NOW, b"{\"a\":1}").unwrap(),
            id: "evt_1".to_owned(),
            timestamp: NOW.to_string(),
        };
        assert_eq!(verify(&secret, &headers, b"{\"a\":1}", NOW), Ok(()));
    }

    #[test]
    fn a_change_of_anything_that_is_signed_is_seen() {
        let genuine = sign(b"key", "evt_1", NOW, b"{}");
        let check =
            |headers: &SignedHeaders, body: &[u8], key: &[u8]| verify(&secret(key), headers, body, NOW);
        assert_eq!(check(&genuine, b"{}", b"key"), Ok(()));
        assert_eq!(check(&genuine, b"{ }", b"key"), Err(Forged::Signature));
        assert_eq!(check(&genuine, b"{}", b"other"), Err(Forged::Signature));
        let changes: [fn(&mut SignedHeaders); 5] = [
            |headers| headers.id.push('2'),
            |headers| headers.timestamp = (NOW + 1).to_string(),
            |headers| headers.signature.clear(),
            |headers| headers.signature = headers.signature.replace("v1,", "v2,"),
            |headers| headers.signature = "v1,".to_owned(),
        ];
        for change in changes {
            let mut headers = genuine.clone();
            change(&mut headers);
            assert_eq!(check(&headers, b"{}", b"key"), Err(Forged::Signature));
        }
    }

    #[test]
    fn one_good_signature_of_several_is_enough() {
        let mut headers = sign(b"new", "evt_1", NOW, b"{}");
        let older = sign(b"old", "evt_1", NOW, b"{}");
        headers.signature = format!("v1a,xyz {} {}", headers.signature, older.signature);
        for key in [&b"new"[..], b"old"] {
            assert_eq!(verify(&secret(key), &headers, b"{}", NOW), Ok(()));
        }
    }

    #[test]
    fn five_minutes_are_the_limit_in_both_directions() {
        for (off, outcome) in [
            (0, Ok(())),
            (300, Ok(())),
            (-300, Ok(())),
            (301, Err(Forged::Timestamp)),
            (-301, Err(Forged::Timestamp)),
        ] {
            let headers = sign(b"key", "evt_1", NOW + off, b"{}");
            assert_eq!(verify(&secret(b"key"), &headers, b"{}", NOW), outcome, "{off}");
        }
        let mut headers = sign(b"key", "evt_1", NOW, b"{}");
        for timestamp in ["", "soon", "1e9", "-9223372036854775808"] {
            timestamp.clone_into(&mut headers.timestamp);
            assert_eq!(
                verify(&secret(b"key"), &headers, b"{}", NOW),
                Err(Forged::Timestamp)
            );
        }
    }

    #[test]
    fn a_secret_of_another_form_verifies_nothing() {
        let headers = sign(b"", "evt_1", NOW, b"{}");
        for secret in ["", "whsec_", "whsec_%", "c2VjcmV0"] {
            assert_eq!(verify(secret, &headers, b"{}", NOW), Err(Forged::Secret));
        }
    }
}
