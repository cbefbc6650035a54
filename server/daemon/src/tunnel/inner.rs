//! Packets inside a tunnel: who they are from and for, what is answered when they don't fit, and how those that may be
//! are cut into fragments.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use photonbox_keybox::peer::{IPV4, IPV6};

const V4_HEADER: usize = 20;
const V6_HEADER: usize = 40;
/// The smallest link that IPv6 knows (RFC 8200 §5): an answer is no longer than this.
pub(super) const V6_MINIMUM: usize = 1280;
/// An ICMP error holds no more than this of IPv4 (RFC 1812 §4.3.2.3).
const V4_ANSWER: usize = 576;
/// Room for any answer.
pub(super) const ANSWER: usize = V6_MINIMUM;
const ICMP: u8 = 1;
const ICMP6: u8 = 58;

/// What a gateway reads of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inner {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    /// [`IPV4`] or [`IPV6`].
    pub(super) next_header: u8,
    /// Bytes that the packet itself says it has: what follows them is padding of lower layers.
    pub(super) length: usize,
}

/// Reads a packet; none when it is no whole IPv4 or IPv6 packet.
pub(super) fn look(packet: &[u8]) -> Option<Inner> {
    match packet.first()? >> 4 {
        4 => {
            let header: &[u8; V4_HEADER] = packet.first_chunk()?;
            let own = usize::from(header[0] & 15) * 4;
            let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
            let [.., a, b, c, d, e, f, g, h] = *header;
            (own >= V4_HEADER && own <= length && length <= packet.len()).then(|| Inner {
                source: Ipv4Addr::new(a, b, c, d).into(),
                destination: Ipv4Addr::new(e, f, g, h).into(),
                next_header: IPV4,
                length,
            })
        }
        6 => {
            let header: &[u8; V6_HEADER] = packet.first_chunk()?;
            // A length of 0 with a jumbo option (RFC 2675) fits no tunnel.
            let length = V6_HEADER + usize::from(u16::from_be_bytes([header[4], header[5]]));
            let source: [u8; 16] = *header[8..].first_chunk()?;
            let destination: [u8; 16] = *header[24..].first_chunk()?;
            (length <= packet.len()).then(|| Inner {
                source: Ipv6Addr::from(source).into(),
                destination: Ipv6Addr::from(destination).into(),
                next_header: IPV6,
                length,
            })
        }
        _ => None,
    }
}

/// What becomes of a packet that is longer than its way takes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TooBig {
    /// Its sender is told: so many bytes of the buffer.
    Tell(usize),
    /// It may be cut ([`fragments`]).
    Cut,
    /// Nobody may be told: it is an error itself, or not from one place.
    Drop,
}

/// Answers a packet that doesn't fit into `mtu` bytes: ICMP "fragmentation needed" (RFC 1191) or ICMPv6 "packet too big"
/// (RFC 4443 §3.2) to its sender, in the name of its destination, since a gateway need have no address of its own inside.
pub(super) fn too_big(packet: &[u8], inner: &Inner, mtu: u16, out: &mut [u8; ANSWER]) -> TooBig {
    match (inner.source, inner.destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            if packet[6] & 0x40 == 0 {
                return TooBig::Cut;
            }
            // RFC 1122 §3.2.2: no error for an error, for a later fragment, or to or from several.
            let header = usize::from(packet[0] & 15) * 4;
            let error = packet[9] == ICMP
                && packet
                    .get(header)
                    .is_some_and(|kind| ![0, 8, 13, 14].contains(kind));
            let later = u16::from_be_bytes([packet[6], packet[7]]) & 0x1fff != 0;
            let several = |address: Ipv4Addr| {
                address.is_multicast() || address.is_broadcast() || address.is_unspecified()
            };
            if error || later || several(source) || several(destination) {
                return TooBig::Drop;
            }
            let quoted = inner.length.min(V4_ANSWER - V4_HEADER - 8);
            let length = V4_HEADER + 8 + quoted;
            out[..V4_HEADER + 8].fill(0);
            out[0] = 0x45;
            out[2..4].copy_from_slice(&(length as u16).to_be_bytes());
            out[8] = 64;
            out[9] = ICMP;
            out[12..16].copy_from_slice(&destination.octets());
            out[16..20].copy_from_slice(&source.octets());
            // Type 3 (destination unreachable), code 4.
            out[20..22].copy_from_slice(&[3, 4]);
            out[26..28].copy_from_slice(&mtu.to_be_bytes());
            out[28..length].copy_from_slice(&packet[..quoted]);
            let sum = checksum(0, &out[..V4_HEADER]);
            out[10..12].copy_from_slice(&sum);
            let sum = checksum(0, &out[V4_HEADER..length]);
            out[22..24].copy_from_slice(&sum);
            TooBig::Tell(length)
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            // RFC 4443 §2.4 (e): none for an error; for "packet too big" a multicast destination is no reason not to.
            let error = packet[6] == ICMP6 && packet.get(V6_HEADER).is_some_and(|kind| *kind < 128);
            if error
                || source.is_multicast()
                || source.is_unspecified()
                || destination.is_multicast()
            {
                return TooBig::Drop;
            }
            let quoted = inner.length.min(V6_MINIMUM - V6_HEADER - 8);
            let length = V6_HEADER + 8 + quoted;
            out[..V6_HEADER + 8].fill(0);
            out[0] = 0x60;
            out[4..6].copy_from_slice(&((8 + quoted) as u16).to_be_bytes());
            out[6] = ICMP6;
            out[7] = 64;
            out[8..24].copy_from_slice(&destination.octets());
            out[24..40].copy_from_slice(&source.octets());
            // Type 2.
            out[40] = 2;
            out[44..48].copy_from_slice(&u32::from(mtu).to_be_bytes());
            out[48..length].copy_from_slice(&packet[..quoted]);
            // The pseudo header: both addresses, length, next header.
            let pseudo = add(0, &out[8..40]) + (8 + quoted) as u32 + u32::from(ICMP6);
            let sum = checksum(pseudo, &out[V6_HEADER..length]);
            out[42..44].copy_from_slice(&sum);
            TooBig::Tell(length)
        }
        _ => TooBig::Drop,
    }
}

/// Cuts an IPv4 packet that allows it into fragments of at most `mtu` bytes (RFC 791 §3.2) and gives each to `take`; false
/// when that can't be done.
pub(super) fn fragments(packet: &[u8], mtu: usize, mut take: impl FnMut(&[u8])) -> bool {
    let header = usize::from(packet[0] & 15) * 4;
    let options = &packet[V4_HEADER..header];
    let room = mtu.saturating_sub(header) & !7;
    if room == 0 || mtu > usize::from(u16::MAX) {
        return false;
    }
    let flags = u16::from_be_bytes([packet[6], packet[7]]);
    let (more, from) = (flags & 0x2000, flags & 0x1fff);
    // On the stack: a header with options has at most 60 bytes, and `mtu` is a tunnel's.
    let mut out = [0; MAX_FRAGMENT];
    let body = &packet[header..];
    let last = body.len().div_ceil(room).saturating_sub(1);
    for (number, part) in body.chunks(room).enumerate() {
        let mut own = header;
        out[..header].copy_from_slice(&packet[..header]);
        if number > 0 {
            own = V4_HEADER + copied_options(options, &mut out[V4_HEADER..]);
            out[0] = 0x40 | (own / 4) as u8;
        }
        let length = own + part.len();
        let Some(space) = out.get_mut(own..length) else {
            return false;
        };
        space.copy_from_slice(part);
        let offset = usize::from(from) + number * room / 8;
        if offset > 0x1fff {
            return false;
        }
        let flags = offset as u16 | if number < last { 0x2000 } else { more };
        out[2..4].copy_from_slice(&(length as u16).to_be_bytes());
        out[6..8].copy_from_slice(&flags.to_be_bytes());
        out[10..12].fill(0);
        let sum = checksum(0, &out[..own]);
        out[10..12].copy_from_slice(&sum);
        take(&out[..length]);
    }
    true
}

/// The longest fragment.
const MAX_FRAGMENT: usize = super::MAX_MTU as usize;

/// Options that each fragment carries (their copied flag), padded to 4; gives their length.
fn copied_options(mut options: &[u8], out: &mut [u8]) -> usize {
    let mut length = 0;
    while let [kind, rest @ ..] = options {
        match *kind {
            0 => break,
            1 => options = rest,
            kind => {
                let size = rest.first().map_or(0, |size| usize::from(*size));
                let Some(option) = options.get(..size).filter(|option| option.len() >= 2) else {
                    break;
                };
                if kind & 0x80 != 0 {
                    out[length..length + size].copy_from_slice(option);
                    length += size;
                }
                options = &options[size..];
            }
        }
    }
    let padded = length.next_multiple_of(4);
    out[length..padded].fill(0);
    padded
}

fn add(sum: u32, bytes: &[u8]) -> u32 {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let sum = pairs
        .iter()
        .fold(sum, |sum, pair| sum + u32::from(u16::from_be_bytes(*pair)));
    odd.first()
        .map_or(sum, |byte| sum + (u32::from(*byte) << 8))
}

/// The Internet checksum (RFC 1071) of `bytes`, begun with `sum`.
fn checksum(sum: u32, bytes: &[u8]) -> [u8; 2] {
    let mut sum = add(sum, bytes);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    (!(sum as u16)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(length: usize, dont_fragment: bool) -> Vec<u8> {
        let mut packet: Vec<u8> = (0..length).map(|n| n as u8).collect();
        packet[..V4_HEADER].fill(0);
        packet[0] = 0x45;
        packet[2..4].copy_from_slice(&(length as u16).to_be_bytes());
        packet[6] = if dont_fragment { 0x40 } else { 0 };
        packet[8] = 64;
        packet[9] = 17;
        packet[12..20].copy_from_slice(&[10, 1, 0, 1, 10, 2, 0, 2]);
        packet
    }

    fn v6(length: usize) -> Vec<u8> {
        let mut packet = vec![7; length];
        packet[..V6_HEADER].fill(0);
        packet[0] = 0x60;
        packet[4..6].copy_from_slice(&((length - V6_HEADER) as u16).to_be_bytes());
        packet[6] = 17;
        packet[8] = 0xfd;
        packet[23] = 1;
        packet[24] = 0xfd;
        packet[39] = 2;
        packet
    }

    #[test]
    fn packets_are_read_and_what_is_none_is_not() {
        let inner = look(&v4(100, true)).expect("a packet");
        assert_eq!(inner.source, IpAddr::from([10, 1, 0, 1]));
        assert_eq!(inner.destination, IpAddr::from([10, 2, 0, 2]));
        assert_eq!((inner.next_header, inner.length), (IPV4, 100));
        let inner = look(&v6(100)).expect("a packet");
        assert_eq!(inner.destination.to_string(), "fd00::2");
        assert_eq!((inner.next_header, inner.length), (IPV6, 100));
        for mut packet in [v4(100, true), v6(100)] {
            for length in 0..100 {
                assert_eq!(look(&packet[..length]), None, "{length}");
            }
            packet.push(0);
            assert_eq!(look(&packet).expect("a packet").length, 100);
            packet[0] = 0x52;
            assert_eq!(look(&packet), None);
        }
        let mut short = v4(100, true);
        short[0] = 0x44;
        assert_eq!(look(&short), None, "a header of 16 bytes");
        short[0] = 0x45;
        short[3] = 19;
        assert_eq!(look(&short), None, "shorter than its header");
    }

    #[test]
    fn the_sender_is_told_how_much_fits() {
        let mut out = [0xaa; ANSWER];
        let packet = v4(1400, true);
        let inner = look(&packet).expect("a packet");
        assert_eq!(too_big(&packet, &inner, 1300, &mut out), TooBig::Tell(576));
        let told = look(&out[..576]).expect("a packet");
        assert_eq!(
            (told.source, told.destination),
            (inner.destination, inner.source)
        );
        assert_eq!(checksum(0, &out[..20]), [0, 0]);
        assert_eq!(checksum(0, &out[20..576]), [0, 0]);
        assert_eq!(out[20..28], [3, 4, out[22], out[23], 0, 0, 0x05, 0x14]);
        assert_eq!(out[28..576], packet[..548]);

        let packet = v6(1400);
        let inner = look(&packet).expect("a packet");
        assert_eq!(too_big(&packet, &inner, 1300, &mut out), TooBig::Tell(1280));
        let told = look(&out).expect("a packet");
        assert_eq!(
            (told.source, told.destination),
            (inner.destination, inner.source)
        );
        let pseudo = add(0, &out[8..40]) + 1240 + 58;
        assert_eq!(checksum(pseudo, &out[40..1280]), [0, 0]);
        assert_eq!((out[40], &out[44..48]), (2, &[0, 0, 0x05, 0x14][..]));
        assert_eq!(out[48..], packet[..1232]);
    }

    #[test]
    fn nobody_is_told_of_errors_fragments_and_groups() {
        let mut out = [0; ANSWER];
        let mut answer = |packet: &[u8]| {
            let inner = look(packet).expect("a packet");
            too_big(packet, &inner, 1300, &mut out)
        };
        assert_eq!(answer(&v4(1400, false)), TooBig::Cut);
        let mut error = v4(1400, true);
        (error[9], error[20]) = (1, 3);
        assert_eq!(answer(&error), TooBig::Drop);
        error[20] = 8;
        assert!(matches!(answer(&error), TooBig::Tell(_)), "an echo request");
        let mut later = v4(1400, true);
        later[7] = 9;
        assert_eq!(answer(&later), TooBig::Drop);
        let mut group = v4(1400, true);
        group[16] = 224;
        assert_eq!(answer(&group), TooBig::Drop);
        let mut error = v6(1400);
        (error[6], error[40]) = (58, 1);
        assert_eq!(answer(&error), TooBig::Drop);
        let mut group = v6(1400);
        group[24] = 0xff;
        assert_eq!(answer(&group), TooBig::Drop);
    }

    #[test]
    fn fragments_come_together_again() {
        for (length, mtu, from) in [
            (1400, 1300, 0),
            (4000, 576, 0),
            (1400, 1280, 100),
            (60, 28, 0),
        ] {
            let mut packet = v4(length, false);
            packet[7] = from;
            packet[6] |= if from == 0 { 0 } else { 0x20 };
            let mut body = Vec::new();
            let mut flags = Vec::new();
            assert!(fragments(&packet, mtu, |fragment| {
                let inner = look(fragment).expect("a packet");
                assert!(inner.length <= mtu && inner.length == fragment.len());
                assert_eq!(checksum(0, &fragment[..20]), [0, 0]);
                let word = u16::from_be_bytes([fragment[6], fragment[7]]);
                assert_eq!(
                    usize::from(word & 0x1fff),
                    usize::from(from) + body.len() / 8
                );
                flags.push(word & 0x2000 != 0);
                body.extend_from_slice(&fragment[20..]);
            }));
            assert_eq!(body, packet[20..]);
            let last = flags.pop().expect("one at least");
            assert_eq!(last, from != 0, "the last one has the packet's own flag");
            assert!(flags.iter().all(|more| *more));
        }
        assert!(!fragments(&v4(100, false), 27, |_| ()));
    }

    #[test]
    fn only_the_options_that_are_to_be_copied_are_in_later_fragments() {
        let mut packet = v4(200, false);
        // A loose route (copied, 7 bytes), a record route (not copied, 7), one of padding, the end.
        let options = [0x83, 7, 4, 1, 2, 3, 4, 1, 7, 7, 4, 0, 0, 0, 0, 0];
        packet[0] = 0x49;
        packet[20..36].copy_from_slice(&options);
        let mut seen = Vec::new();
        assert!(fragments(&packet, 100, |fragment| seen.push(fragment.to_vec())));
        assert_eq!(seen[0][20..36], options);
        assert_eq!(
            (seen[1][0], &seen[1][20..28]),
            (0x47, &[0x83, 7, 4, 1, 2, 3, 4, 0][..])
        );
        let mut bent = packet.clone();
        for size in [0, 1, 200] {
            bent[21] = size;
            assert!(fragments(&bent, 100, |_| ()), "options that lie: {size}");
        }
    }
}
