//! What operators write into settings: keys, networks, a URL. A mistake is told without a secret.

use super::Target;
use super::input::{Input, part};
use crosscheck::config::{Config, Given};
use crosscheck::crypto::{CryptoError, KeyRing};

pub const TARGET: Target = Target {
    name: "settings",
    check,
    seeds,
};

pub fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let (allowed, public, keys) = (input.text(), input.text(), String::from_utf8_lossy(input.rest()));
    if let Err(error) = KeyRing::parse(&keys) {
        let entries = 1..=keys.split(',').count();
        let named = matches!(error, CryptoError::KeyRing(entry) | CryptoError::SameId(entry) if entries.contains(&entry));
        assert!(
            named,
            "a mistake is told by its entry, and without the key: {error}"
        );
    }
    let given = Given {
        allowed_targets: Some(allowed.clone()),
        public_url: Some(public.clone()),
        secret_keys: Some(keys.clone().into_owned()),
        ..Given::default()
    };
    match Config::load(&given) {
        Ok(config) => {
            let named = allowed
                .split(',')
                .filter(|entry| !entry.trim().is_empty())
                .count();
            assert_eq!(config.allowed_targets.len(), named, "each network is allowed");
            assert_eq!(config.public_url.is_none(), public.trim().is_empty());
            let base = config.public_url.unwrap_or_default();
            assert!(!base.ends_with('/') && !base.contains(char::is_whitespace));
        }
        Err(error) => assert!(
            error.to_string().starts_with("CROSSCHECK_"),
            "the setting is named: {error}"
        ),
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let keys =
        b"k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=, k2:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=";
    let all = |allowed: &[u8], public: &[u8], keys: &[u8]| [&part(allowed), &part(public), keys].concat();
    vec![
        all(b"127.0.0.0/8, ::1/128,", b"https://crosscheck.example/", keys),
        all(b"10.0.0.0/33", b"", b"k1:"),
        all(b"", b"ftp://x", b""),
    ]
}
