//! Sealing what must be read back, and hashing what must be found.
//!
//! A sealed value is `1 | length of key id | key id | nonce (24) | ciphertext`, XChaCha20-Poly1305. The
//! associated data names project, table, column and row, so a value copied to another place does not open.
//! The header is legible without any key, so that rotation can tell by which key a value was sealed.
//! The lookup key is one of its own: rotating the sealing keys leaves every stored hash valid.

use crate::ambient::{Ambient, random_key};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::sync::Arc;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const NONCE: usize = 24;
/// How long the id of a key may be, in bytes.
const KEY_ID: usize = 64;

/// The longest header of a sealed value, in bytes: version, length of the key's id, the id.
pub const HEADER: usize = 2 + KEY_ID;

/// Where a sealed value stands.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The owning project's id (empty for what belongs to the whole server).
    pub project: &'a str,
    /// Table name.
    pub table: &'static str,
    /// Column name.
    pub column: &'static str,
    /// The row's id.
    pub row: &'a str,
}

impl Place<'_> {
    fn associated_data(&self) -> Vec<u8> {
        [self.project, self.table, self.column, self.row]
            .join("\u{1f}")
            .into_bytes()
    }
}

/// Why a key ring or a sealed value could not be read. Never contains either.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// The setting does not have the form `id:base64(32 bytes)[,id:...]`.
    #[error("CROSSCHECK_SECRET_KEYS: entry {0} is not `id:base64 of 32 bytes`")]
    KeyRing(usize),
    /// Two keys of the setting have one id: what one of them sealed would never open.
    #[error("CROSSCHECK_SECRET_KEYS: entry {0} has the id of an earlier entry")]
    SameId(usize),
    /// No key of the ring has the id with which the value was sealed.
    #[error("a stored value was sealed with key {0:?}, which CROSSCHECK_SECRET_KEYS does not hold")]
    UnknownKey(String),
    /// The value was changed, or moved from another place.
    #[error("a stored value does not open in its place ({0})")]
    Damaged(&'static str),
}

struct SealingKey {
    id: String,
    cipher: XChaCha20Poly1305,
}

/// The sealing keys: the first seals, all open.
pub struct KeyRing {
    first: SealingKey,
    others: Vec<SealingKey>,
}

impl KeyRing {
    /// Reads `id:base64(32 bytes)[,id:...]`.
    pub fn parse(text: &str) -> Result<Self, CryptoError> {
        let mut keys = text.split(',').enumerate().map(|(index, entry)| {
            let malformed = || CryptoError::KeyRing(index + 1);
            let (id, encoded) = entry.trim().split_once(':').ok_or_else(malformed)?;
            let bytes = Zeroizing::new(BASE64.decode(encoded.trim()).map_err(|_| malformed())?);
            let short_id = !id.is_empty() && id.len() <= KEY_ID;
            let cipher = XChaCha20Poly1305::new_from_slice(&bytes).map_err(|_| malformed())?;
            if short_id {
                Ok(SealingKey {
                    id: id.to_owned(),
                    cipher,
                })
            } else {
                Err(malformed())
            }
        });
        let mut ring = Self {
            first: keys.next().ok_or(CryptoError::KeyRing(1))??,
            others: Vec::new(),
        };
        for (index, key) in keys.enumerate() {
            let key = key?;
            if ring.find(key.id.as_bytes()).is_some() {
                return Err(CryptoError::SameId(index + 2));
            }
            ring.others.push(key);
        }
        Ok(ring)
    }

    /// A ring of one fresh key, as text for [`KeyRing::parse`]. Its id is drawn too, so that it is none that a
    /// ring already holds.
    pub fn generate(ambient: &dyn Ambient) -> Zeroizing<String> {
        let id = u32::from_le_bytes(random_key::<4>(ambient));
        let key = Zeroizing::new(random_key::<32>(ambient));
        Zeroizing::new(format!("k{id:08x}:{}", BASE64.encode(key.as_slice())))
    }

    fn find(&self, id: &[u8]) -> Option<&SealingKey> {
        std::iter::once(&self.first)
            .chain(&self.others)
            .find(|key| key.id.as_bytes() == id)
    }
}

/// The key ring and the lookup key together: everything that protects stored data.
#[derive(Clone)]
pub struct Vault {
    ring: Arc<KeyRing>,
    lookup: Hmac<Sha256>,
    ambient: Arc<dyn Ambient>,
}

impl Vault {
    /// A vault that seals with `ring` and hashes with `lookup_key`.
    pub fn new(ring: Arc<KeyRing>, lookup_key: &[u8; 64], ambient: Arc<dyn Ambient>) -> Self {
        let lookup = <Hmac<Sha256> as KeyInit>::new(lookup_key.into());
        Self {
            ring,
            lookup,
            ambient,
        }
    }

    /// Seals `plain` for `place`.
    pub fn seal(&self, place: Place<'_>, plain: &[u8]) -> Vec<u8> {
        seal(&self.ring, self.ambient.as_ref(), place, plain)
    }

    /// Opens what was sealed for `place`.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        open(&self.ring, place, sealed)
    }

    /// Opens a text that was sealed for `place`.
    pub fn open_text(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<String>, CryptoError> {
        let plain = self.open(place, sealed)?;
        String::from_utf8(plain)
            .map(Zeroizing::new)
            .map_err(|_| CryptoError::Damaged(place.table))
    }

    /// Seals with the first key what was sealed for `place` with any.
    pub fn reseal(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let plain = Zeroizing::new(self.open(place, sealed)?);
        Ok(self.seal(place, &plain))
    }

    /// The id of the key that seals.
    pub fn first_key(&self) -> &str {
        &self.ring.first.id
    }

    /// The ids of the keys that only open.
    pub fn older_keys(&self) -> impl Iterator<Item = &str> {
        self.ring.others.iter().map(|key| key.id.as_str())
    }

    /// The keyed hash by which `text` is found again. `purpose` keeps equal texts of different use apart.
    pub fn lookup(&self, purpose: &'static str, text: &str) -> Vec<u8> {
        let mut mac = self.lookup.clone();
        mac.update(purpose.as_bytes());
        mac.update(&[0x1f]);
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}

/// Seals without a vault: only for the lookup key itself, from which the vault is made.
pub fn seal(ring: &KeyRing, ambient: &dyn Ambient, place: Place<'_>, plain: &[u8]) -> Vec<u8> {
    let mut nonce = [0; NONCE];
    ambient.fill(&mut nonce);
    let key = &ring.first;
    let payload = Payload {
        msg: plain,
        aad: &place.associated_data(),
    };
    let mut sealed = vec![VERSION, u8::try_from(key.id.len()).unwrap_or_default()];
    sealed.extend_from_slice(key.id.as_bytes());
    sealed.extend_from_slice(&nonce);
    match key.cipher.encrypt(&XNonce::from(nonce), payload) {
        Ok(ciphertext) => sealed.extend_from_slice(&ciphertext),
        // The cipher refuses only messages of 256 GiB and more; a body has at most 1 MiB.
        Err(_) => sealed.clear(),
    }
    sealed
}

/// Opens without a vault: see [`seal`].
pub fn open(ring: &KeyRing, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let damaged = || CryptoError::Damaged(place.table);
    let (id, rest) = split_header(sealed).ok_or_else(damaged)?;
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or_else(damaged)?;
    let key = ring
        .find(id)
        .ok_or_else(|| CryptoError::UnknownKey(String::from_utf8_lossy(id).into_owned()))?;
    let payload = Payload {
        msg: ciphertext,
        aad: &place.associated_data(),
    };
    key.cipher
        .decrypt(&XNonce::from(*nonce), payload)
        .map_err(|_| damaged())
}

/// The id of the key by which a value was sealed, read from its first [`HEADER`] bytes. None where they are no
/// header.
pub fn sealed_with(sealed: &[u8]) -> Option<&str> {
    split_header(sealed).and_then(|(id, _)| std::str::from_utf8(id).ok())
}

/// The id of the key, and what follows the header.
fn split_header(sealed: &[u8]) -> Option<(&[u8], &[u8])> {
    match sealed.split_first_chunk::<2>()? {
        ([VERSION, id_length], rest) => rest.split_at_checked(usize::from(*id_length)),
        _ => None,
    }
}

/// The HMAC-SHA256 of `parts` one after the other.
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(key) else {
        return Vec::new();
    };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient::System;

    fn ring(text: &str) -> KeyRing {
        KeyRing::parse(text).unwrap()
    }

    const A: &str = "a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const B: &str = "b:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=";
    const HERE: Place<'_> = Place {
        project: "p",
        table: "t",
        column: "c",
        row: "r",
    };

    #[test]
    fn a_sealed_value_opens_in_its_own_place_only() {
        let sealed = seal(&ring(A), &System, HERE, b"secret");
        assert_eq!(open(&ring(A), HERE, &sealed), Ok(b"secret".to_vec()));
        for elsewhere in [
            Place { project: "q", ..HERE },
            Place { table: "u", ..HERE },
            Place { column: "d", ..HERE },
            Place { row: "s", ..HERE },
        ] {
            assert!(matches!(
                open(&ring(A), elsewhere, &sealed),
                Err(CryptoError::Damaged(_))
            ));
        }
    }

    #[test]
    fn an_older_key_still_opens_and_a_missing_one_is_named() {
        let sealed = seal(&ring(A), &System, HERE, b"secret");
        assert_eq!(
            open(&ring(&format!("{B},{A}")), HERE, &sealed),
            Ok(b"secret".to_vec())
        );
        assert_eq!(
            open(&ring(B), HERE, &sealed),
            Err(CryptoError::UnknownKey("a".to_owned()))
        );
    }

    #[test]
    fn a_value_says_by_which_key_it_was_sealed_and_is_sealed_anew_with_the_first() {
        let old = seal(&ring(A), &System, HERE, b"secret");
        assert_eq!(sealed_with(&old), Some("a"));
        let vault = Vault::new(Arc::new(ring(&format!("{B},{A}"))), &[0; 64], Arc::new(System));
        assert_eq!(vault.first_key(), "b");
        assert_eq!(vault.older_keys().collect::<Vec<_>>(), ["a"]);
        let new = vault.reseal(HERE, &old).unwrap();
        assert_eq!(sealed_with(&new), Some("b"));
        assert_eq!(open(&ring(B), HERE, &new), Ok(b"secret".to_vec()));
        assert!(vault.reseal(Place { row: "s", ..HERE }, &old).is_err());
    }

    #[test]
    fn the_longest_header_is_whole_in_as_many_bytes_as_are_said() {
        let id = "i".repeat(64);
        let ring = ring(&format!("{id}:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
        let sealed = seal(&ring, &System, HERE, b"");
        assert_eq!(sealed_with(&sealed[..HEADER]), Some(id.as_str()));
        assert_eq!(sealed_with(&sealed[..HEADER - 1]), None);
    }

    #[test]
    fn fresh_keys_have_ids_of_their_own() {
        let fresh = [KeyRing::generate(&System), KeyRing::generate(&System)];
        assert!(KeyRing::parse(&format!("{},{}", *fresh[0], *fresh[1])).is_ok());
    }

    #[test]
    fn every_truncation_and_every_flipped_bit_is_refused() {
        let sealed = seal(&ring(A), &System, HERE, b"secret");
        for length in 0..sealed.len() {
            assert!(open(&ring(A), HERE, &sealed[..length]).is_err());
            let mut flipped = sealed.clone();
            flipped[length] ^= 1;
            assert!(open(&ring(A), HERE, &flipped).is_err());
        }
    }

    #[test]
    fn a_malformed_key_ring_is_refused_by_its_entry() {
        for (text, entry) in [
            ("", 1),
            ("a", 1),
            ("a:!", 1),
            ("a:AAAA", 1),
            (&format!("{A},x"), 2),
        ] {
            assert_eq!(
                KeyRing::parse(text).err(),
                Some(CryptoError::KeyRing(entry)),
                "{text}"
            );
        }
        let twice = KeyRing::parse(&format!("{A},{B},{A}"));
        assert_eq!(twice.err(), Some(CryptoError::SameId(3)));
    }
}
