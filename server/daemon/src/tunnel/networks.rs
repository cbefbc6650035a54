//! Which peer an inner address belongs to (longest prefix): where packets go, and whose packets may come from where.

use std::net::IpAddr;

use ipnet::IpNet;
use prefix_trie::joint::map::JointPrefixMap;

/// Allowed networks of all peers, by a peer's number.
#[derive(Debug, Default)]
pub(super) struct Networks(JointPrefixMap<IpNet, usize>);

/// Two peers with a network in common.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Overlap {
    pub(super) peers: [usize; 2],
    pub(super) networks: [IpNet; 2],
}

impl Networks {
    /// The table. Networks of two peers may not overlap, but for a default route, which is for the rest.
    pub(super) fn new(peers: &[Vec<IpNet>]) -> Result<Self, Overlap> {
        let mut table = JointPrefixMap::default();
        for (number, networks) in peers.iter().enumerate() {
            for network in networks {
                for (other, others) in peers[..number].iter().enumerate() {
                    let same = |one: &&IpNet| {
                        let inside = one.contains(network) || network.contains(*one);
                        let rest = one.prefix_len() == 0 || network.prefix_len() == 0;
                        **one == *network || inside && !rest
                    };
                    if let Some(one) = others.iter().find(same) {
                        return Err(Overlap {
                            peers: [other, number],
                            networks: [*one, *network],
                        });
                    }
                }
                table.insert(network.trunc(), number);
            }
        }
        Ok(Self(table))
    }

    /// The peer of an address.
    pub(super) fn of(&self, address: IpAddr) -> Option<usize> {
        self.0.get_lpm(&address.into()).map(|(_, peer)| *peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nets(list: &[&str]) -> Vec<IpNet> {
        list.iter()
            .map(|net| net.parse().expect("a network"))
            .collect()
    }

    #[test]
    fn the_longest_prefix_decides_and_the_rest_goes_by_default() {
        let peers = [
            nets(&["10.1.0.0/16", "fd01::/32"]),
            nets(&["0.0.0.0/0", "::/0"]),
            nets(&["10.2.0.0/16", "10.3.4.5/32"]),
        ];
        let table = Networks::new(&peers).expect("no overlap");
        for (address, peer) in [
            ("10.1.2.3", 0),
            ("fd01::7", 0),
            ("10.2.0.1", 2),
            ("10.3.4.5", 2),
            ("10.3.4.6", 1),
            ("fd02::7", 1),
        ] {
            assert_eq!(
                table.of(address.parse().expect("an address")),
                Some(peer),
                "{address}"
            );
        }
        let table = Networks::new(&peers[..1]).expect("no overlap");
        assert_eq!(table.of("10.2.0.1".parse().expect("an address")), None);
    }

    #[test]
    fn overlaps_are_found() {
        for (one, two) in [
            ("10.1.0.0/16", "10.1.0.0/16"),
            ("10.1.0.0/16", "10.1.2.0/24"),
            ("fd01::1/128", "fd01::/32"),
            ("0.0.0.0/0", "0.0.0.0/0"),
        ] {
            let overlap = Networks::new(&[nets(&[one]), nets(&[two])]).expect_err(one);
            assert_eq!(overlap.peers, [0, 1]);
        }
        assert!(
            Networks::new(&[nets(&["10.0.0.0/8", "10.1.0.0/16"])]).is_ok(),
            "of one peer"
        );
    }
}
