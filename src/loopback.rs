//! Which hosts are this machine: for them plain http and access without a token are allowed.

use std::net::IpAddr;

/// Whether a URL's host is this machine: `localhost` or a loopback address, in brackets if it is an IPv6 address. Names below `localhost`
/// are not, because a resolver may ask the network for them.
pub fn is_loopback(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_this_machine_is_this_machine() {
        for host in ["localhost", "LocalHost", "127.0.0.1", "127.8.9.1", "[::1]", "::1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "localhost.example.com",
            "sqs.localhost",
            "localhost.",
            "10.0.0.1",
            "0.0.0.0",
            "[::]",
            "127.0.0.1.example.com",
            "[::1",
            "[localhost]",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
