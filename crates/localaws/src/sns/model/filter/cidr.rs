//! Blocks of IP addresses.

use std::net::IpAddr;

/// A block, such as `10.0.0.0/24`. An address without a length is a block of one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cidr {
    address: IpAddr,
    /// How many leading bits are compared.
    bits: u32,
}

impl Cidr {
    /// Reads a block of IPv4 or IPv6 addresses. The error says what is wrong.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("Malformed CIDR, one of '/' missing or an invalid address or prefix length: {text}");
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let digits = |bits: &str| bits.bytes().all(|byte| byte.is_ascii_digit());
        let bits = match bits {
            None => Some(most),
            Some(bits) => bits.parse().ok().filter(|number| digits(bits) && *number <= most),
        };
        Ok(Self { address, bits: bits.ok_or_else(wrong)? })
    }

    /// Whether the text is an address in the block.
    pub(super) fn contains(&self, address: &str) -> bool {
        match (self.address, address.parse()) {
            (IpAddr::V4(own), Ok(IpAddr::V4(other))) => (own.to_bits() ^ other.to_bits()).leading_zeros() >= self.bits,
            (IpAddr::V6(own), Ok(IpAddr::V6(other))) => (own.to_bits() ^ other.to_bits()).leading_zeros() >= self.bits,
            _ => false,
        }
    }
}
