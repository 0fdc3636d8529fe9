//! The rules that a URL which we are to call can break, each with its name and its words: what is wrong, which
//! setting could change that, and what to do.

use crate::domain::problem::Violation;
use crate::providers::descriptor::CallbackHost;
use std::fmt;

/// Why a URL is not called. Safe to show: it repeats neither the URL nor an address that a name led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forbidden {
    /// Not `scheme://host`.
    NotAbsolute,
    /// White space, a control character or a backslash, which readers of URLs do not agree about.
    Characters,
    /// Neither https nor http.
    Scheme,
    /// `user@` or `user:password@`, even an empty one.
    UserInfo,
    /// Nothing where the host belongs.
    NoHost,
    /// An IPv6 address with a zone, which means something on one machine only.
    ZoneId,
    /// A host or port that cannot be read as one.
    Unreadable,
    /// A name with nothing between two dots.
    EmptyLabel,
    /// http.
    Http,
    /// https on another port than 443.
    Port,
    /// A name that is local wherever it is looked up.
    LocalName,
    /// A name that leads to an address that is not public; which, it does not say.
    ResolvesInside,
    /// 0.0.0.0/8 or `::`, by which systems mean themselves.
    ThisHost,
    /// This machine.
    Loopback,
    /// A network of somebody's own.
    PrivateNetwork,
    /// A network without a router, and where clouds keep the credentials of a machine.
    LinkLocal,
    /// Between a carrier and its customers.
    CarrierGradeNat,
    /// Many at once.
    Multicast,
    /// For examples in documents.
    Documentation,
    /// For protocols, benchmarks, or the future.
    Reserved,
    /// An IPv6 address by which a gateway reaches an IPv4 address.
    Ipv4InIpv6,
    /// Not one of the ATS's own hosts, which are these.
    NotTheAts(&'static [CallbackHost]),
}

/// Which setting could let a URL through that breaks a rule.
enum Remedy {
    None,
    AllowedTargets,
    PinCallbacks,
}

impl Forbidden {
    /// The rule's name, for programs.
    pub fn code(self) -> &'static str {
        self.facts().0
    }

    /// The same as what is wrong with the field `name` of a request.
    pub fn violation(self, pointer: impl Into<String>, name: &str) -> Violation {
        Violation::new(pointer, self.code(), format!("{name} cannot be called: {self}"))
    }

    fn facts(self) -> (&'static str, &'static str, Remedy) {
        use Remedy::{AllowedTargets, None, PinCallbacks};
        match self {
            Self::NotAbsolute => (
                "not_absolute",
                "it is not an absolute URL: write https://, the host, and the path",
                None,
            ),
            Self::Characters => (
                "characters",
                "it has white space, a control character or a backslash: write %20 for a space, and / for \\",
                None,
            ),
            Self::Scheme => ("scheme", "its scheme is not https: use https", None),
            Self::UserInfo => (
                "user_info",
                "it has a user name or password (something before @): leave them out",
                None,
            ),
            Self::NoHost => (
                "no_host",
                "it has no host: write https://, the host, and the path",
                None,
            ),
            Self::ZoneId => (
                "zone_id",
                "its IPv6 address has a zone, which other machines do not know: use a public address or a name",
                None,
            ),
            Self::Unreadable => ("unreadable", "its host or port cannot be read: correct it", None),
            Self::EmptyLabel => (
                "empty_label",
                "its host has nothing between two dots: correct the name",
                None,
            ),
            Self::Http => ("http", "it is http: use https on port 443", AllowedTargets),
            Self::Port => (
                "port",
                "its port is not 443: use https on port 443",
                AllowedTargets,
            ),
            Self::LocalName => (
                "local_name",
                "its host is a local name (such as localhost, a name without a dot, *.local or *.internal): use a public name",
                AllowedTargets,
            ),
            Self::ResolvesInside => (
                "resolves_inside",
                "its host's name leads to an address that is not public: use a name all of whose addresses are public",
                AllowedTargets,
            ),
            Self::ThisHost => (
                "this_host",
                "its address means the calling machine itself (0.0.0.0/8, ::): use a public address",
                AllowedTargets,
            ),
            Self::Loopback => (
                "loopback",
                "its address is a loopback address (127.0.0.0/8, ::1): use a public address",
                AllowedTargets,
            ),
            Self::PrivateNetwork => (
                "private_network",
                "its address is in a private network (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7, fec0::/10): use a public address",
                AllowedTargets,
            ),
            Self::LinkLocal => (
                "link_local",
                "its address is link-local or a cloud's metadata service: use a public address",
                AllowedTargets,
            ),
            Self::CarrierGradeNat => (
                "carrier_grade_nat",
                "its address is in a carrier's own network (100.64.0.0/10): use a public address",
                AllowedTargets,
            ),
            Self::Multicast => (
                "multicast",
                "its address is a multicast address: use a public address of one host",
                AllowedTargets,
            ),
            Self::Documentation => (
                "documentation",
                "its address is one for examples in documents: use a public address",
                AllowedTargets,
            ),
            Self::Reserved => (
                "reserved",
                "its address is reserved (for protocols, benchmarks, broadcast or the future): use a public address",
                AllowedTargets,
            ),
            Self::Ipv4InIpv6 => (
                "ipv4_in_ipv6",
                "its address is an IPv4 address carried in an IPv6 one: use the IPv4 address, if that is public, or a name",
                AllowedTargets,
            ),
            Self::NotTheAts(_) => (
                "not_the_ats",
                "its host is not one of the ATS's own",
                PinCallbacks,
            ),
        }
    }
}

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, words, remedy) = self.facts();
        f.write_str(words)?;
        if let Self::NotTheAts(hosts) = self {
            let domains: Vec<_> = hosts.iter().map(|host| host.domain).collect();
            write!(f, " ({}, and what is under them)", domains.join(", "))?;
        }
        f.write_str(match remedy {
            Remedy::None => " (no setting allows it)",
            Remedy::AllowedTargets => {
                ", or have the operator add its network to CROSSCHECK_ALLOWED_TARGETS"
            }
            Remedy::PinCallbacks => {
                ": if it is rightly called, have the operator add its network to CROSSCHECK_ALLOWED_TARGETS or turn CROSSCHECK_PIN_CALLBACKS off"
            }
        })
    }
}

impl std::error::Error for Forbidden {}
