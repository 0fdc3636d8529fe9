//! Where we may call: https on port 443 at public addresses, and whatever CROSSCHECK_ALLOWED_TARGETS names.
//!
//! A URL is checked when it is written and again when it is dialled; a name's addresses are checked by the
//! resolver of the very client that dials, so the checked address is the dialled one. One forbidden
//! address refuses the name.

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use url::{Host, Url};

/// Which addresses a call may end at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses, and the allowed networks.
    Public,
    /// The allowed networks alone: for http, and for other ports.
    AllowedOnly,
}

/// Why a URL is refused: the rule, and the setting that could change it. Safe to show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Forbidden(pub String);

/// The rule with the configured networks.
#[derive(Clone, Debug, Default)]
pub struct AddressGuard {
    allowed: Arc<[IpNet]>,
}

impl AddressGuard {
    /// A guard that lets calls into `allowed` as well.
    pub fn new(allowed: Vec<IpNet>) -> Self {
        Self {
            allowed: allowed.into(),
        }
    }

    /// Checks all that a URL says of itself, and how far a call to it may reach.
    pub fn check(&self, text: &str) -> Result<(Url, Reach), Forbidden> {
        let forbid = |rule: &str| Err(Forbidden(rule.to_owned()));
        let Ok(url) = Url::parse(text) else {
            return forbid("it is not an absolute URL");
        };
        if !matches!(url.scheme(), "https" | "http") {
            return forbid("its scheme must be https");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return forbid("it must not carry a user name or password");
        }
        let reach = if url.scheme() == "https" && url.port_or_known_default() == Some(443) {
            Reach::Public
        } else {
            Reach::AllowedOnly
        };
        let literal = match url.host() {
            None => return forbid("it has no host"),
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None,
        };
        match literal {
            Some(address) if !self.permits(address, reach) => Err(refusal(reach)),
            None if reach == Reach::AllowedOnly && self.allowed.is_empty() => Err(refusal(reach)),
            _ => Ok((url, reach)),
        }
    }

    /// Whether a call may end at `address`.
    fn permits(&self, address: IpAddr, reach: Reach) -> bool {
        let address = address.to_canonical();
        self.allowed.iter().any(|network| network.contains(&address))
            || (reach == Reach::Public && is_public(address))
    }

    /// A resolver that yields only addresses that `reach` permits.
    pub fn resolver(&self, reach: Reach) -> GuardedResolver {
        GuardedResolver {
            guard: self.clone(),
            reach,
        }
    }
}

fn refusal(reach: Reach) -> Forbidden {
    Forbidden(match reach {
        Reach::Public => "its address is not public, and CROSSCHECK_ALLOWED_TARGETS does not name its network",
        Reach::AllowedOnly => {
            "it must use https on port 443, or its address be in a network that CROSSCHECK_ALLOWED_TARGETS names"
        }
    }
    .to_owned())
}

/// Resolves names for one client and refuses those that lead where we may not call.
pub struct GuardedResolver {
    guard: AddressGuard,
    reach: Reach,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, reach) = (self.guard.clone(), self.reach);
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.iter().any(|address| !guard.permits(address.ip(), reach)) {
                return Err(refusal(reach).into());
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

/// Whether anybody on the internet could be meant by `address`.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127 | 240..=255, _, _)    // this network, private, loopback, reserved
            | (100, 64..=127, _)            // carrier-grade NAT
            | (169, 254, _)                 // link-local, cloud metadata
            | (172, 16..=31, _)
            | (192, 168, _)
            | (192, 0, 0 | 2)               // protocol assignments, documentation
            | (192, 88, 99)                 // 6to4 relay
            | (198, 18 | 19, _)             // benchmarks
            | (198, 51, 100) | (203, 0, 113)
    );
    !special && !address.is_multicast()
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, ..] = address.segments();
    // Only 2000::/3 is given out; within it, what carries an IPv4 address or is for documentation is not.
    (a & 0xe000) == 0x2000
        && !matches!((a, b, c), (0x2002, _, _) | (0x2001, 0 | 0xdb8 | 0x10..=0x2f, _))
        && (a & 0xfff0) != 0x3ff0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(url: &str, allowed: &[&str]) -> bool {
        let networks = allowed.iter().map(|network| network.parse().unwrap()).collect();
        AddressGuard::new(networks).check(url).is_ok()
    }

    #[test]
    fn public_https_passes() {
        for url in [
            "https://example.com/hook",
            "https://93.184.215.14/",
            "https://[2606:4700::1111]/x",
            "https://e.com:443",
        ] {
            assert!(open(url, &[]), "{url}");
        }
    }

    #[test]
    fn everything_else_needs_an_allowed_network() {
        for url in [
            "http://example.com",
            "https://example.com:8443",
            "ftp://example.com",
            "https://user@example.com",
            "https://:secret@example.com",
            "/relative",
            "https://127.0.0.1",
            "https://2130706433",
            "https://0x7f.1",
            "https://017700000001",
            "https://10.1.2.3",
            "https://172.31.0.1",
            "https://192.168.1.1",
            "https://169.254.169.254/latest/meta-data",
            "https://100.64.0.1",
            "https://0.0.0.0",
            "https://255.255.255.255",
            "https://224.0.0.1",
            "https://198.18.0.1",
            "https://192.0.0.8",
            "https://[::1]",
            "https://[::]",
            "https://[::ffff:127.0.0.1]",
            "https://[::ffff:a00:1]",
            "https://[fe80::1]",
            "https://[fd00:ec2::254]",
            "https://[64:ff9b::7f00:1]",
            "https://[2002:7f00:1::]",
            "https://[2001:db8::1]",
            "https://[3fff::1]",
            "https://[ff02::1]",
        ] {
            assert!(!open(url, &[]), "{url}");
        }
    }

    #[test]
    fn an_allowed_network_may_be_called_over_http_on_any_port_and_no_other_may() {
        assert!(open("http://127.0.0.1:9000/x", &["127.0.0.0/8"]));
        assert!(open("https://[::ffff:127.0.0.1]:1", &["127.0.0.0/8"]));
        assert!(open("http://localhost:9000", &["127.0.0.0/8"]));
        assert!(!open("http://10.0.0.1", &["127.0.0.0/8"]));
        assert!(!open("http://93.184.215.14", &["127.0.0.0/8"]));
    }

    #[tokio::test]
    async fn a_name_that_leads_to_a_forbidden_address_does_not_resolve() {
        let name = || "localhost".parse().unwrap();
        let guard = AddressGuard::default();
        assert!(guard.resolver(Reach::Public).resolve(name()).await.is_err());
        let guard = AddressGuard::new(vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]);
        assert!(guard.resolver(Reach::AllowedOnly).resolve(name()).await.is_ok());
    }
}
