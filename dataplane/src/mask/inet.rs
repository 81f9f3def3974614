//! inet and cidr: the unspecified address of the same family.

use lazaret_policy::Format;

use super::outcome::{Length, Outcome};

pub(super) fn whole(format: Format, length: Length, cell: &mut [u8]) -> Outcome {
    match (format, length) {
        (Format::Binary, _) => binary(cell),
        (Format::Text, Length::MayShrink) => text(cell),
        (Format::Text, Length::Kept) => text_of_same_length(cell),
    }
}

/// Family, bits of the network, whether it is a cidr, bytes of the address, the address.
fn binary(cell: &mut [u8]) -> Outcome {
    let [_, bits, _, len, address @ ..] = &mut *cell else {
        return Outcome::Null;
    };
    if usize::from(*len) != address.len() {
        return Outcome::Null;
    }
    *bits = len.saturating_mul(8);
    address.fill(0);
    Outcome::Masked(cell.len())
}

fn text(cell: &mut [u8]) -> Outcome {
    let unspecified: &[u8] = if cell.contains(&b':') { b"::" } else { b"0.0.0.0" };
    match cell.get_mut(..unspecified.len()) {
        Some(place) => {
            place.copy_from_slice(unspecified);
            Outcome::Masked(unspecified.len())
        }
        None => Outcome::Null,
    }
}

/// The unspecified IPv6 address has a form of any length from 2 bytes to 43: `::0:000` up to 31 bytes,
/// above that all eight groups, and behind them the bits of the network.
fn text_of_same_length(cell: &mut [u8]) -> Outcome {
    let len = cell.len();
    let (address, bits) = cell.split_at_mut(if len < 40 { len } else { len - BITS.len() });
    if let [_, ..] = bits {
        bits.copy_from_slice(BITS);
    }
    match (address, len) {
        ([a, b, groups @ ..], 2..=31) => {
            (*a, *b) = (b':', b':');
            write_groups(groups, (groups.len() + 1).div_ceil(5));
        }
        (groups, 32..=43) => write_groups(groups, 8),
        _ => return Outcome::Null,
    }
    Outcome::Masked(len)
}

const BITS: &[u8] = b"/128";

/// So many groups of zeros, as even as can be, with colons between.
fn write_groups(place: &mut [u8], groups: usize) {
    let colons = groups.saturating_sub(1);
    let zeros = place.len() - colons;
    place.fill(b'0');
    for group in 1..groups {
        // Zeros of the groups before it, and a colon behind each of them but the last.
        let at = group * zeros / groups + group - 1;
        if let Some(byte) = place.get_mut(at) {
            *byte = b':';
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use super::*;

    #[test]
    fn an_address_becomes_the_unspecified_one_of_its_family() {
        for (address, masked) in [
            ("10.2.3.4", "0.0.0.0"),
            ("1.2.3.4", "0.0.0.0"),
            ("192.168.100.128/25", "0.0.0.0"),
            ("2001:db8::1", "::"),
            ("::1", "::"),
        ] {
            let mut cell = address.as_bytes().to_vec();
            assert_eq!(
                whole(Format::Text, Length::MayShrink, &mut cell),
                Outcome::Masked(masked.len())
            );
            assert_eq!(&cell[..masked.len()], masked.as_bytes());
        }
    }

    #[test]
    fn a_mask_of_each_length_is_the_unspecified_address() {
        for len in 2..=43 {
            let mut cell = vec![b'7'; len];
            assert_eq!(whole(Format::Text, Length::Kept, &mut cell), Outcome::Masked(len));
            let text = std::str::from_utf8(&cell).unwrap();
            let address = text.strip_suffix("/128").unwrap_or(text);
            assert_eq!(address.parse(), Ok(IpAddr::V6(Ipv6Addr::UNSPECIFIED)), "{text}");
        }
        for len in [0, 1, 44] {
            assert_eq!(whole(Format::Text, Length::Kept, &mut vec![b'7'; len]), Outcome::Null);
        }
    }

    #[test]
    fn in_binary_the_family_stays() {
        let mut cell = [&[2, 25, 0, 4][..], &Ipv4Addr::new(10, 2, 3, 4).octets()].concat();
        assert_eq!(whole(Format::Binary, Length::Kept, &mut cell), Outcome::Masked(8));
        assert_eq!(cell, [2, 32, 0, 4, 0, 0, 0, 0]);
        assert_eq!(whole(Format::Binary, Length::Kept, &mut cell[..6].to_vec()), Outcome::Null);
    }
}
