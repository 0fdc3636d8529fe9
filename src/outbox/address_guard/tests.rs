//! One row for each spelling: what it is, and the rule that it breaks.

use super::*;
use crate::providers::descriptor::Basis;
use std::collections::BTreeSet;

const REFUSED: &[(&str, &str)] = &[
    // what is no URL, or not one that every reader reads alike
    ("", "not_absolute"),
    ("vendor.example", "not_absolute"),
    ("/hook", "not_absolute"),
    ("//vendor.example/hook", "not_absolute"),
    ("https:vendor.example", "not_absolute"),
    ("https:/vendor.example", "not_absolute"),
    ("https:127.0.0.1", "not_absolute"),
    ("https:vendor.example://x", "not_absolute"),
    ("https:user@vendor.example://x", "not_absolute"),
    ("https:/user@vendor.example/?x=://y", "not_absolute"),
    ("https://", "no_host"),
    ("https:///127.0.0.1/", "no_host"),
    ("https://?x", "no_host"),
    ("https://:443/", "no_host"),
    (" https://vendor.example/", "characters"),
    ("https://vendor.example/ ", "characters"),
    ("https://vendor.example/a b", "characters"),
    ("https://127.0.0\t.1/", "characters"),
    ("ht\ntps://127.0.0.1/", "characters"),
    ("https://vendor.example/\r\nx-evil: 1", "characters"),
    ("https://vendor\u{a0}.example/", "characters"),
    ("https://vendor.example/\u{0}", "characters"),
    ("https:\\\\vendor.example\\", "characters"),
    ("https://vendor.example\\@127.0.0.1/", "characters"),
    ("https://[vendor.example]/", "unreadable"),
    ("https://vend|or.example/", "unreadable"),
    ("https://vendor.example:65536/", "unreadable"),
    ("https://vendor.example:-1/", "unreadable"),
    ("https://::1/", "no_host"),
    ("https://fe80::1/", "unreadable"),
    ("https://[::1/", "unreadable"),
    ("https://[::ffff:127.0.0.256]/", "unreadable"),
    ("https://256.1.1.1/", "unreadable"),
    ("https://1.2.3.4.5/", "unreadable"),
    ("https://127.0.0.0x/", "loopback"),
    ("https://%00vendor.example/", "unreadable"),
    ("https://vendor.example%2f@127.0.0.1/", "user_info"),
    ("https://vendor..example/", "empty_label"),
    ("https://.vendor.example/", "empty_label"),
    ("https://vendor.example../", "empty_label"),
    ("https://./", "empty_label"),
    ("https://localhost../", "empty_label"),
    // schemes
    ("file:///etc/passwd", "scheme"),
    ("ftp://vendor.example/", "scheme"),
    ("gopher://127.0.0.1:6379/_x", "scheme"),
    ("data:text/plain,x", "scheme"),
    ("javascript:alert(1)", "scheme"),
    ("unix:/var/run/docker.sock", "scheme"),
    ("ws://vendor.example/", "scheme"),
    ("http+unix://%2Fvar%2Frun%2Fdocker.sock/", "scheme"),
    // user-info, and what looks like it
    ("https://user@vendor.example/", "user_info"),
    ("https://user:secret@vendor.example/", "user_info"),
    ("https://:secret@vendor.example/", "user_info"),
    ("https://@vendor.example/", "user_info"),
    ("https://vendor.example@127.0.0.1/", "user_info"),
    ("https://vendor.example:443@127.0.0.1/", "user_info"),
    ("https://vendor.example%00@127.0.0.1/", "user_info"),
    ("https://127.0.0.1#@vendor.example/", "loopback"),
    ("https://127.0.0.1?@vendor.example/", "loopback"),
    // http, and ports
    ("http://vendor.example/", "http"),
    ("HTTP://vendor.example/", "http"),
    ("http://vendor.example:443/", "http"),
    ("http://93.184.215.14/", "http"),
    ("https://vendor.example:0/", "port"),
    ("https://vendor.example:22/", "port"),
    ("https://vendor.example:80/", "port"),
    ("https://vendor.example:8443/", "port"),
    ("https://93.184.215.14:8443/", "port"),
    // loopback, in every spelling
    ("https://127.0.0.1/", "loopback"),
    ("https://127.0.0.1:443/", "loopback"),
    ("http://127.0.0.1:9000/", "loopback"),
    ("https://127.255.255.254/", "loopback"),
    ("https://127.0.0.1./", "loopback"),
    ("https://127.1/", "loopback"),
    ("https://127.0.1/", "loopback"),
    ("https://0x7f.1/", "loopback"),
    ("https://0X7F.0.0.1/", "loopback"),
    ("https://0x7f000001/", "loopback"),
    ("https://0177.0.0.1/", "loopback"),
    ("https://00000177.1/", "loopback"),
    ("https://017700000001/", "loopback"),
    ("https://2130706433/", "loopback"),
    ("https://2130706433./", "loopback"),
    ("https://１２７.0.0.1/", "loopback"),
    ("https://①②⑦.⓪.⓪.①/", "loopback"),
    ("https://127。0。0。1/", "loopback"),
    ("https://127．0｡0.1/", "loopback"),
    ("https://０x7f．1/", "loopback"),
    ("https://%31%32%37.0.0.1/", "loopback"),
    ("https://127%2e0%2e0%2e1/", "loopback"),
    ("https://127.0.0.\u{ad}1/", "loopback"),
    ("https://[::1]/", "loopback"),
    ("https://[0:0:0:0:0:0:0:1]/", "loopback"),
    ("https://[0000:0000:0000:0000:0000:0000:0000:0001]/", "loopback"),
    ("https://[::0.0.0.1]/", "loopback"),
    ("https://[::ffff:127.0.0.1]/", "loopback"),
    ("https://[::FFFF:7f00:1]/", "loopback"),
    ("https://[0:0:0:0:0:ffff:127.0.0.1]/", "loopback"),
    // the calling machine
    ("https://0/", "this_host"),
    ("https://0.0.0.0/", "this_host"),
    ("https://0.1.2.3/", "this_host"),
    ("https://[::]/", "this_host"),
    ("https://[::ffff:0.0.0.0]/", "this_host"),
    // other networks that are somebody's own
    ("https://10.1.2.3/", "private_network"),
    ("https://0xa000001/", "private_network"),
    ("https://012.1.2.3/", "private_network"),
    ("https://172.16.0.1/", "private_network"),
    ("https://172.31.255.255/", "private_network"),
    ("https://192.168.1.1/", "private_network"),
    ("https://192.168.257/", "private_network"),
    ("https://[::ffff:a00:1]/", "private_network"),
    ("https://[fc00::1]/", "private_network"),
    ("https://[fd12:3456:789a::1]/", "private_network"),
    ("https://[fec0::1]/", "private_network"),
    ("https://100.64.0.1/", "carrier_grade_nat"),
    ("https://100.127.255.255/", "carrier_grade_nat"),
    ("https://[::ffff:100.64.0.1]/", "carrier_grade_nat"),
    // link-local, and where clouds answer for a machine
    ("https://169.254.169.254/latest/meta-data", "link_local"),
    ("https://169.254.170.2/", "link_local"),
    ("https://2852039166/", "link_local"),
    ("https://0xa9.0xfe.0xa9.0xfe/", "link_local"),
    ("https://[::ffff:169.254.169.254]/", "link_local"),
    ("https://100.100.100.200/", "link_local"),
    ("https://168.63.129.16/", "link_local"),
    ("https://[fd00:ec2::254]/", "link_local"),
    ("https://[fd20:ce::254]/", "link_local"),
    ("https://[fe80::1]/", "link_local"),
    ("https://[febf::1]/", "link_local"),
    ("https://[fe80::1%25eth0]/", "zone_id"),
    ("https://[fe80::1%eth0]/", "zone_id"),
    ("https://[::1%25lo]/", "zone_id"),
    // multicast, documentation, reserved
    ("https://224.0.0.1/", "multicast"),
    ("https://239.255.255.250/", "multicast"),
    ("https://[ff02::1]/", "multicast"),
    ("https://192.0.2.1/", "documentation"),
    ("https://198.51.100.1/", "documentation"),
    ("https://203.0.113.1/", "documentation"),
    ("https://[2001:db8::1]/", "documentation"),
    ("https://[3fff::1]/", "documentation"),
    ("https://[3fff:fff::1]/", "documentation"),
    ("https://192.0.0.8/", "reserved"),
    ("https://192.0.0.192/", "reserved"),
    ("https://192.88.99.1/", "reserved"),
    ("https://198.18.0.1/", "reserved"),
    ("https://198.19.255.255/", "reserved"),
    ("https://240.0.0.1/", "reserved"),
    ("https://255.255.255.255/", "reserved"),
    ("https://4294967295/", "reserved"),
    ("https://[100::1]/", "reserved"),
    ("https://[100:0:0:1::1]/", "reserved"),
    ("https://[5f00::1]/", "reserved"),
    ("https://[2001:2::1]/", "reserved"),
    ("https://[2001:10::1]/", "reserved"),
    ("https://[2001:20::1]/", "reserved"),
    ("https://[2001:30::1]/", "reserved"),
    ("https://[4000::1]/", "reserved"),
    ("https://[fe00::1]/", "reserved"),
    // IPv4 carried in IPv6
    ("https://[::127.0.0.1]/", "ipv4_in_ipv6"),
    ("https://[::93.184.215.14]/", "ipv4_in_ipv6"),
    ("https://[::ffff:0:127.0.0.1]/", "ipv4_in_ipv6"),
    ("https://[64:ff9b::127.0.0.1]/", "ipv4_in_ipv6"),
    ("https://[64:ff9b::5db8:d70e]/", "ipv4_in_ipv6"),
    ("https://[64:ff9b:1::10.0.0.1]/", "ipv4_in_ipv6"),
    ("https://[2002:7f00:1::]/", "ipv4_in_ipv6"),
    ("https://[2001:0:7f00:1::]/", "ipv4_in_ipv6"),
    ("https://[2606:4700::5efe:127.0.0.1]/", "ipv4_in_ipv6"),
    ("https://[2606:4700::200:5efe:10.0.0.1]/", "ipv4_in_ipv6"),
    // names that are local by definition
    ("https://localhost/", "local_name"),
    ("https://LOCALHOST/", "local_name"),
    ("https://localhost./", "local_name"),
    ("http://localhost:9000/", "local_name"),
    ("https://ⓛocalhost/", "local_name"),
    ("https://ｌｏｃａｌｈｏｓｔ/", "local_name"),
    ("https://local\u{ad}host/", "local_name"),
    ("https://%6cocalhost/", "local_name"),
    ("https://db.localhost/", "local_name"),
    ("https://localhost.localdomain/", "local_name"),
    ("https://printer.local/", "local_name"),
    ("https://printer.local./", "local_name"),
    ("https://printer。local/", "local_name"),
    ("https://kubernetes.default.svc.cluster.local/", "local_name"),
    ("https://metadata.google.internal/", "local_name"),
    ("https://instance-data.ec2.internal/", "local_name"),
    ("https://host.docker.internal/", "local_name"),
    ("https://nas.home.arpa/", "local_name"),
    ("https://wiki.corp/", "local_name"),
    ("https://router.lan/", "local_name"),
    ("https://metadata/", "local_name"),
    ("https://instance-data/", "local_name"),
    ("https://postgres/", "local_name"),
    ("https://redis./", "local_name"),
];

const PUBLIC: &[&str] = &[
    "https://vendor.example/hook",
    "HTTPS://Vendor.Example/hook",
    "https://vendor.example:443/hook",
    "https://vendor.example:/hook",
    "https://vendor.example",
    "https://vendor.example?a=b#c",
    // an absolute name, as resolvers have it
    "https://vendor.example./hook",
    "https://hooks.vendor.example/a/@b?c=d@e:f#@g",
    "https://zoë.example/",
    "https://xn--zo-jja.example/",
    "https://例え.テスト/",
    "https://vendor.example/zoë",
    // names that only look local
    "https://notlocalhost.example/",
    "https://localhost.vendor.example/",
    "https://local.vendor.example/",
    "https://vendor.thelocal/",
    "https://internal.vendor.example/",
    "https://127.0.0.1.nip.example/",
    "https://_hooks.vendor.example/",
    "https://93.184.215.14/",
    "https://1.1.1.1/",
    "https://0x5db8d70e/",
    "https://172.15.0.1/",
    "https://172.32.0.1/",
    "https://100.63.255.255/",
    "https://100.128.0.1/",
    "https://198.20.0.1/",
    "https://223.255.255.255/",
    "https://[2606:4700::1111]/x",
    "https://[2606:4700:0:0:0:0:0:1111]:443/",
    "https://[2001:200::1]/",
    "https://[2001:4860:4860::8888]/",
    "https://[2a00:1450:4001:827::200e]/",
    "https://[::ffff:93.184.215.14]/",
];

fn guard(allowed: &[&str]) -> AddressGuard {
    let networks = allowed.iter().map(|network| network.parse().unwrap());
    AddressGuard::new(networks.collect(), false)
}

fn refusal(guard: &AddressGuard, url: &str) -> Option<Forbidden> {
    guard.check(url, &[]).err()
}

#[test]
fn every_spelling_of_what_is_not_public_is_refused_by_its_rule() {
    let code = |url| refusal(&guard(&[]), url).map(Forbidden::code);
    let found = REFUSED.iter().map(|(url, rule)| (*url, *rule, code(url)));
    let wrong: Vec<_> = found.filter(|(_, rule, found)| *found != Some(*rule)).collect();
    assert_eq!(wrong, []);
}

#[test]
fn public_spellings_pass() {
    for url in PUBLIC {
        assert_eq!(refusal(&guard(&[]), url), None, "{url}");
        assert_eq!(refusal(&guard(&["127.0.0.0/8"]), url), None, "{url}");
    }
}

#[test]
fn each_rule_has_words_of_its_own_that_name_the_setting_or_say_that_there_is_none() {
    let mut told = BTreeSet::new();
    let mut codes = BTreeSet::new();
    for (url, rule) in REFUSED {
        let words = refusal(&guard(&[]), url).unwrap().to_string();
        assert!(
            words.contains("CROSSCHECK_ALLOWED_TARGETS") || words.contains("no setting allows it"),
            "{words}"
        );
        told.insert(words);
        codes.insert(rule);
    }
    assert_eq!(told.len(), codes.len());
}

#[test]
fn no_allowed_network_mends_a_spelling() {
    let all = guard(&["0.0.0.0/0", "::/0"]);
    for (url, rule) in REFUSED {
        let words = refusal(&guard(&[]), url).unwrap().to_string();
        let refused = refusal(&all, url).map(Forbidden::code);
        let expected = words.contains("no setting allows it").then_some(*rule);
        assert_eq!(refused, expected, "{url:?}");
    }
}

#[test]
fn an_allowed_network_may_be_called_over_http_on_any_port_and_opens_no_other() {
    let loopback = guard(&["127.0.0.0/8"]);
    for url in [
        "http://127.0.0.1:9000/x",
        "http://127.1/",
        "https://127.0.0.1:8443",
        "https://[::ffff:127.0.0.1]:1",
        "http://[::ffff:7f00:1]/",
        "http://2130706433:80/",
    ] {
        assert_eq!(refusal(&loopback, url), None, "{url}");
    }
    for (url, rule) in [
        ("http://10.0.0.1/", "private_network"),
        ("https://[::1]/", "loopback"),
        ("https://[::127.0.0.1]/", "ipv4_in_ipv6"),
        ("https://[64:ff9b::127.0.0.1]/", "ipv4_in_ipv6"),
        ("https://128.0.0.1:8443/", "port"),
        ("http://93.184.215.14/", "http"),
        ("http://0.0.0.0/", "this_host"),
        ("ftp://127.0.0.1/", "scheme"),
        ("http://user@127.0.0.1/", "user_info"),
    ] {
        assert_eq!(refusal(&loopback, url).map(Forbidden::code), Some(rule), "{url}");
    }
    let v6 = guard(&["fd00::/8"]);
    assert_eq!(refusal(&v6, "http://[fd00::1]:81/"), None);
    assert!(refusal(&v6, "http://[fc00::1]:81/").is_some());
    // A network of IPv6 is none of IPv4, however it is spelt.
    assert!(refusal(&guard(&["::/0"]), "https://[::ffff:127.0.0.1]/").is_some());
    assert!(refusal(&guard(&["::/0"]), "https://127.0.0.1/").is_some());
}

#[test]
fn with_an_allowed_network_a_name_is_decided_by_where_it_leads() {
    let guard = guard(&["127.0.0.0/8"]);
    let needs = |url: &str| guard.check(url, &[]).unwrap().needs_allowed.map(Forbidden::code);
    assert_eq!(needs("https://localhost/"), None);
    assert_eq!(needs("https://vendor.example/"), None);
    assert_eq!(needs("http://localhost:9000/"), Some("http"));
    assert_eq!(needs("https://vendor.example:8443/"), Some("port"));
}

const HOSTS: &[CallbackHost] = &[CallbackHost {
    domain: "ats.example",
    basis: Basis::assumed("an example"),
}];

#[test]
fn a_pinned_call_goes_to_the_ats_or_an_allowed_network() {
    let pinned = AddressGuard::new(Vec::new(), true);
    let code = |guard: &AddressGuard, url: &str, hosts| guard.check(url, hosts).err().map(Forbidden::code);
    for url in [
        "https://ats.example/x",
        "https://app.eu.ats.example./x",
        "https://APP.ats.example/",
    ] {
        assert_eq!(code(&pinned, url, HOSTS), None, "{url}");
    }
    for url in [
        "https://vendor.example/",
        "https://notats.example/",
        "https://ats.example.vendor.example/",
        "https://93.184.215.14/",
        "http://vendor.example/",
    ] {
        assert_eq!(code(&pinned, url, HOSTS), Some("not_the_ats"), "{url}");
        let words = pinned.check(url, HOSTS).unwrap_err().to_string();
        for named in [
            "ats.example",
            "CROSSCHECK_PIN_CALLBACKS",
            "CROSSCHECK_ALLOWED_TARGETS",
        ] {
            assert!(words.contains(named), "{words}");
        }
    }
    assert_eq!(code(&pinned, "http://ats.example/", HOSTS), Some("http"));
    assert_eq!(code(&pinned, "https://127.0.0.1/", HOSTS), Some("loopback"));
    // Whose hosts are not known is not pinned, nor is anybody else.
    assert_eq!(code(&pinned, "https://vendor.example/", &[]), None);
    let off = AddressGuard::new(Vec::new(), false);
    assert_eq!(code(&off, "https://vendor.example/", HOSTS), None);
    let demo = AddressGuard::new(vec!["127.0.0.0/8".parse().unwrap()], true);
    assert_eq!(code(&demo, "http://127.0.0.1:9000/", HOSTS), None);
    assert_eq!(code(&demo, "https://93.184.215.14/", HOSTS), Some("not_the_ats"));
    let elsewhere = demo.check("https://vendor.example/", HOSTS).unwrap();
    assert_eq!(elsewhere.needs_allowed, Some(Forbidden::NotTheAts(HOSTS)));
}
