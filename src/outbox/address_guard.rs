//! Where we may call: https on port 443 at public addresses, and whatever CROSSCHECK_ALLOWED_TARGETS names.
//!
//! A URL is checked when it is written and again when it is dialled; a name's addresses are checked by the
//! resolver of the very client that dials, so the checked address is the dialled one. One forbidden
//! address refuses the name.

use super::forbidden::Forbidden;
use super::special_addresses::purpose;
use crate::providers::descriptor::CallbackHost;
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use url::{Host, ParseError, Url};

/// Domains that are local by definition, whatever a resolver makes of them (RFC 6761, 6762, 8375, and ICANN's
/// `internal`).
const LOCAL_DOMAINS: [&str; 10] = [
    "localhost",
    "localdomain",
    "local",
    "internal",
    "home.arpa",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
];

/// The rule with the configured networks.
#[derive(Clone, Debug, Default)]
pub struct AddressGuard {
    allowed: Arc<[IpNet]>,
    pins_callbacks: bool,
}

/// A URL that may be called.
#[derive(Debug)]
pub struct Target {
    /// The URL.
    pub url: Url,
    /// The rule that it breaks, which an allowed network exempts from: its name must lead to such networks only.
    pub needs_allowed: Option<Forbidden>,
}

impl AddressGuard {
    /// A guard that lets calls into `allowed` as well, and where `pins_callbacks` calls to an ATS only to its own
    /// hosts.
    pub fn new(allowed: Vec<IpNet>, pins_callbacks: bool) -> Self {
        Self {
            allowed: allowed.into(),
            pins_callbacks,
        }
    }

    /// Checks all that a URL says of itself. `hosts` are those of the ATS that is called; none where it is not an
    /// ATS, or its hosts are not known.
    pub fn check(&self, text: &str, hosts: &'static [CallbackHost]) -> Result<Target, Forbidden> {
        let url = parse(text)?;
        let on_the_way = self.broken_on_the_way(&url, hosts);
        let at = |address: IpAddr| purpose(address).or(on_the_way).filter(|_| !self.allows(address));
        let broken = match url.host() {
            None => Some(Forbidden::NoHost),
            Some(Host::Ipv4(address)) => at(address.into()),
            Some(Host::Ipv6(address)) => at(address.into()),
            Some(Host::Domain(name)) if self.allowed.is_empty() => local_name(name).or(on_the_way),
            // What the name leads to decides.
            Some(Host::Domain(_)) => None,
        };
        match broken {
            Some(rule) => Err(rule),
            None => Ok(Target {
                url,
                needs_allowed: on_the_way,
            }),
        }
    }

    /// The rule that scheme, port or host break although the address may be public.
    fn broken_on_the_way(&self, url: &Url, hosts: &'static [CallbackHost]) -> Option<Forbidden> {
        let name = url.domain().unwrap_or_default();
        if self.pins_callbacks && !hosts.is_empty() && !hosts.iter().any(|host| is_under(name, host.domain)) {
            return Some(Forbidden::NotTheAts(hosts));
        }
        match (url.scheme(), url.port_or_known_default()) {
            ("https", Some(443)) => None,
            ("https", _) => Some(Forbidden::Port),
            _ => Some(Forbidden::Http),
        }
    }

    /// Whether an allowed network holds `address`. An IPv4-mapped one counts as the IPv4 address.
    fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.allowed.iter().any(|network| network.contains(&address))
    }
}

/// Reads a URL of which every reader would say the same.
fn parse(text: &str) -> Result<Url, Forbidden> {
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err(Forbidden::Characters);
    }
    let url = Url::parse(text).map_err(|error| unreadable(error, text))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(Forbidden::Scheme);
    }
    let written = text.split_once("://");
    let (_, rest) = written
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(url.scheme()))
        .ok_or(Forbidden::NotAbsolute)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() {
        return Err(Forbidden::NoHost);
    }
    if authority.contains('@') {
        return Err(Forbidden::UserInfo);
    }
    let name = url.domain().map(without_final_dot);
    if name.is_some_and(|name| name.split('.').any(str::is_empty)) {
        return Err(Forbidden::EmptyLabel);
    }
    Ok(url)
}

fn unreadable(error: ParseError, text: &str) -> Forbidden {
    match error {
        ParseError::RelativeUrlWithoutBase => Forbidden::NotAbsolute,
        ParseError::EmptyHost => Forbidden::NoHost,
        ParseError::InvalidIpv6Address if text.contains('%') => Forbidden::ZoneId,
        _ => Forbidden::Unreadable,
    }
}

/// A name without a dot resolves on this machine, in this network, or beside this container.
fn local_name(name: &str) -> Option<Forbidden> {
    let plain = without_final_dot(name);
    let local = !plain.contains('.') || LOCAL_DOMAINS.iter().any(|domain| is_under(plain, domain));
    local.then_some(Forbidden::LocalName)
}

/// Whether `name` is `domain` or ends in its labels; a final dot does not matter.
fn is_under(name: &str, domain: &str) -> bool {
    let before = without_final_dot(name).strip_suffix(domain);
    before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

fn without_final_dot(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// Resolves names for one client and refuses those that lead where it may not call.
pub(super) struct GuardedResolver {
    pub guard: AddressGuard,
    /// Whether public addresses will not do.
    pub needs_allowed: bool,
    /// Who is asked.
    pub lookup: Arc<dyn Resolve>,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, needs_allowed) = (self.guard.clone(), self.needs_allowed);
        let found = self.lookup.resolve(name);
        Box::pin(async move {
            let found: Vec<SocketAddr> = found.await?.collect();
            let permitted = |ip: IpAddr| guard.allows(ip) || (!needs_allowed && purpose(ip).is_none());
            if !found.iter().all(|address| permitted(address.ip())) {
                return Err(Forbidden::ResolvesInside.into());
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

/// Asks the system's resolver.
pub(super) struct SystemLookup;

impl Resolve for SystemLookup {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Addrs = Box::new(found.collect::<Vec<_>>().into_iter());
            Ok(found)
        })
    }
}

#[cfg(test)]
mod tests;
