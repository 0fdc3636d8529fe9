//! URLs that we are asked to call. Whatever passes without an allow list is https on port 443, names nobody, and is
//! not at an address that is known not to be public, as a table and a parser other than the guard's have it.

use super::Target;
use crosscheck::outbox::address_guard::{self, AddressGuard};
use ipnet::IpNet;
use std::net::IpAddr;
use std::sync::LazyLock;
use url::Url;

pub const TARGET: Target = Target {
    name: "url_guard",
    check,
    seeds,
};

/// What the IANA registries of special-purpose addresses call not globally reachable, multicast, and what no registry
/// has given out.
static NOT_PUBLIC: LazyLock<Vec<IpNet>> = LazyLock::new(|| {
    let networks = [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/29",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/3",
        "2001::/32",
        "2001:10::/28",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "4000::/2",
        "8000::/1",
    ];
    networks.map(|network| network.parse().expect("a network")).into()
});

static LOCAL: LazyLock<AddressGuard> =
    LazyLock::new(|| AddressGuard::new(vec!["127.0.0.0/8".parse().expect("a network")], false));

pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(address_guard::Target { url, needs_allowed }) = AddressGuard::default().check(text, &[]) {
        assert_eq!(needs_allowed, None, "nothing is allowed: {url}");
        check_public(&url);
    }
    if let Ok(address_guard::Target { url, needs_allowed }) = LOCAL.check(text, &[]) {
        let is_local = literal(&url).is_some_and(|address| address.to_canonical().is_loopback());
        assert!(matches!(url.scheme(), "http" | "https"));
        // What a name leads to is seen when it is called.
        let is_decided = is_local || needs_allowed.is_some() || literal(&url).is_none();
        assert!(is_decided || AddressGuard::default().check(text, &[]).is_ok());
        if literal(&url).is_some() && !is_local {
            check_public(&url);
        }
        check_nobody(&url);
    }
}

fn check_public(url: &Url) {
    assert_eq!(
        (url.scheme(), url.port()),
        ("https", None),
        "it is https on port 443: {url}"
    );
    check_nobody(url);
    let host = url.host_str().expect("it has a host");
    assert!(!host.is_empty());
    match literal(url) {
        Some(address) => assert!(!is_special(address), "its address is public: {url}"),
        // Resolvers read such names as addresses, too.
        None => {
            let last = host
                .strip_suffix('.')
                .unwrap_or(host)
                .rsplit('.')
                .next()
                .unwrap_or_default();
            let is_decimal = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
            let hex = last.strip_prefix("0x");
            let is_hex = hex.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
            assert!(!is_decimal && !is_hex, "it is a name: {url}");
        }
    }
}

fn check_nobody(url: &Url) {
    assert!(
        url.username().is_empty() && url.password().is_none(),
        "it names nobody"
    );
    let authority = url
        .as_str()
        .split("//")
        .nth(1)
        .and_then(|rest| rest.split(['/', '?', '#']).next());
    assert!(
        !authority.unwrap_or_default().contains('@'),
        "it names nobody: {url}"
    );
}

/// The address that a URL's host is, where it is one.
fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn is_special(address: IpAddr) -> bool {
    let embedded = match address {
        IpAddr::V6(address) => address.to_ipv4_mapped().map(IpAddr::V4),
        IpAddr::V4(_) => None,
    };
    let address = embedded.unwrap_or(address);
    NOT_PUBLIC.iter().any(|network| network.contains(&address))
}

fn seeds() -> Vec<Vec<u8>> {
    let urls = [
        "https://example.com/hook?a=b#c",
        "https://93.184.215.14/",
        "https://[2606:4700::1111]:443/x",
        "http://127.0.0.1:9000/x",
        "https://user:secret@example.com",
        "https://0x7f.1",
        "https://017700000001",
        "https://2130706433",
        "https://[::ffff:127.0.0.1]",
        "https://[64:ff9b::7f00:1]",
        "https://[2001:db8::1]",
        "https:\\\\example.com\\@127.0.0.1",
        "HTTPS://\u{ff11}\u{ff10}.0.0.1/",
        "https://xn--bcher-kva.example.",
        "https://169.254.169.254/latest/meta-data",
        "https://1.2.3.4.5",
        "https://192.0.0.9",
    ];
    urls.map(|url| url.as_bytes().to_vec()).into()
}
