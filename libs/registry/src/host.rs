//! What can be told of a server by its name alone.

use std::net::IpAddr;

/// Is `HOST[:PORT]` this machine? Registries there speak plain HTTP, as for every other client.
pub(crate) fn is_loopback(host: &str) -> bool {
    match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => is_loopback_name(name),
        _ => is_loopback_name(host),
    }
}

/// The same without a port.
pub(crate) fn is_loopback_name(name: &str) -> bool {
    name == "localhost" || address(name).is_some_and(|address| address.is_loopback())
}

/// Is this host an address that means something else from every place: private, link-local (clouds keep secrets there),
/// loopback?
pub(crate) fn is_private_address(name: &str) -> bool {
    match address(name) {
        Some(IpAddr::V4(v4)) => {
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified()
        }
        Some(IpAddr::V6(v6)) => {
            v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local()
        }
        None => false,
    }
}

fn address(name: &str) -> Option<IpAddr> {
    let address: IpAddr = name.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        let table = [
            ("localhost", true),
            ("localhost:5000", true),
            ("127.0.0.1:5000", true),
            ("127.8.9.1", true),
            ("[::1]:5000", true),
            ("[::1]", true),
            ("10.0.0.1:5000", false),
            ("localhost.example.com", false),
            ("[2001:db8::1]:5000", false),
            ("registry.example.com", false),
        ];
        for (host, expected) in table {
            assert_eq!(is_loopback(host), expected, "{host}");
        }
    }

    #[test]
    fn private_addresses_are_literals_only() {
        let table = [
            ("10.1.2.3", true),
            ("172.16.0.1", true),
            ("172.32.0.1", false),
            ("192.168.1.1", true),
            ("169.254.169.254", true),
            ("127.0.0.1", true),
            ("0.0.0.0", true),
            ("8.8.8.8", false),
            ("[::1]", true),
            ("[fd00::1]", true),
            ("[fe80::1]", true),
            ("[::ffff:10.0.0.1]", true),
            ("[2001:db8::1]", false),
            ("localhost", false),
            ("registry.example.com", false),
        ];
        for (host, expected) in table {
            assert_eq!(is_private_address(host), expected, "{host}");
        }
    }
}
