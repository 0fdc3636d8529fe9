//! Which addresses are nobody's on the internet, and what they are for (the registries of special-purpose
//! addresses of RFC 6890, and what clouds use beside them).

use super::forbidden::Forbidden::{
    self, CarrierGradeNat, Documentation, Ipv4InIpv6, LinkLocal, Loopback, Multicast, PrivateNetwork,
    Reserved, ThisHost,
};
use ipnet::{Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const V4: &[(Ipv4Net, Forbidden)] = &[
    (v4([0, 0, 0, 0], 8), ThisHost),
    (v4([10, 0, 0, 0], 8), PrivateNetwork),
    (v4([100, 100, 100, 200], 32), LinkLocal), // Alibaba's metadata
    (v4([100, 64, 0, 0], 10), CarrierGradeNat),
    (v4([127, 0, 0, 0], 8), Loopback),
    (v4([168, 63, 129, 16], 32), LinkLocal), // Azure's host, from within
    (v4([169, 254, 0, 0], 16), LinkLocal),
    (v4([172, 16, 0, 0], 12), PrivateNetwork),
    (v4([192, 0, 0, 0], 24), Reserved),
    (v4([192, 0, 2, 0], 24), Documentation),
    (v4([192, 88, 99, 0], 24), Reserved), // once the way to 6to4
    (v4([192, 168, 0, 0], 16), PrivateNetwork),
    (v4([198, 18, 0, 0], 15), Reserved), // benchmarks
    (v4([198, 51, 100, 0], 24), Documentation),
    (v4([203, 0, 113, 0], 24), Documentation),
    (v4([224, 0, 0, 0], 4), Multicast),
    (v4([240, 0, 0, 0], 4), Reserved),
];

/// The first that holds an address says what it is for; what is in none is reserved, for only 2000::/3 is given out.
const V6: &[(Ipv6Net, Option<Forbidden>)] = &[
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 128), Some(ThisHost)),
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), Some(Loopback)),
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 96), Some(Ipv4InIpv6)), // IPv4-compatible
    (v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96), Some(Ipv4InIpv6)), // IPv4-translated
    (v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96), Some(Ipv4InIpv6)), // NAT64
    (v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48), Some(Ipv4InIpv6)), // NAT64, local
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32), Some(Ipv4InIpv6)), // Teredo
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), Some(Reserved)), // protocols: ORCHID, benchmarks, ...
    (v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), Some(Documentation)),
    (v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), Some(Ipv4InIpv6)), // 6to4
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), Some(Documentation)),
    (v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3), None),
    (v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], 128), Some(LinkLocal)), // AWS's metadata
    (v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128), Some(LinkLocal)),  // Google's metadata
    (v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), Some(PrivateNetwork)),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), Some(LinkLocal)),
    (v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), Some(PrivateNetwork)), // site-local
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), Some(Multicast)),
];

const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6([a, b, c, d, e, f, g, h]: [u16; 8], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix)
}

/// What an address is for, where it is not public. An IPv4-mapped one counts as the IPv4 address.
pub fn purpose(address: IpAddr) -> Option<Forbidden> {
    match address.to_canonical() {
        IpAddr::V4(address) => V4
            .iter()
            .find(|(network, _)| network.contains(&address))
            .map(|(_, purpose)| *purpose),
        IpAddr::V6(address) => purpose_v6(address),
    }
}

fn purpose_v6(address: Ipv6Addr) -> Option<Forbidden> {
    // ISATAP: the interface id says which IPv4 address lies behind, under any prefix.
    let [.., first, second, _, _] = address.segments();
    let isatap = matches!((first, second), (0 | 0x200, 0x5efe));
    let listed = V6.iter().find(|(network, _)| network.contains(&address));
    match listed {
        Some((_, None)) => isatap.then_some(Ipv4InIpv6),
        Some((_, purpose)) => *purpose,
        None => Some(Reserved),
    }
}
