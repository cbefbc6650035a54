//! The networks: who is linked with whom (spec 1-entropy §1.6).

use std::collections::{BTreeSet, HashSet};

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::dice::Dice;

/// The shape of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Topology {
    /// A ring in which each host is linked to its k = 8 nearest.
    Lattice,
    /// Each host but the first has one parent, each parent 8 children.
    Tree,
    /// As many links as the lattice has, between hosts by chance.
    Random,
    /// Each host with each: the seed's network, at most 300 hosts.
    Complete,
}

/// Nearest neighbours of the lattice; children of the tree.
const K: u32 = 8;
/// The most hosts of a complete graph: 44,850 links.
const MOST_COMPLETE: u32 = 300;
/// The most hosts of any.
pub(crate) const MOST_HOSTS: u32 = 1_000_000;

impl Topology {
    /// The links, each once, the smaller number first and in order.
    pub(crate) fn links(self, hosts: u32, seed: u64) -> Result<Vec<(u32, u32)>, Error> {
        if !(2..=MOST_HOSTS).contains(&hosts) {
            return Err(Error::Option("hosts: 2 to 1000000"));
        }
        if self == Self::Complete && hosts > MOST_COMPLETE {
            return Err(Error::Option(
                "hosts: at most 300 in a complete graph, whose links grow with the square; take lattice, tree or random",
            ));
        }
        let mut links = BTreeSet::new();
        let mut link = |a: u32, b: u32| a != b && links.insert((a.min(b), a.max(b)));
        match self {
            Self::Lattice => {
                for host in 0..hosts {
                    for step in 1..=K / 2 {
                        link(host, (host + step) % hosts);
                    }
                }
            }
            Self::Tree => {
                for host in 1..hosts {
                    link((host - 1) / K, host);
                }
            }
            Self::Complete => {
                for a in 0..hosts {
                    for b in a + 1..hosts {
                        link(a, b);
                    }
                }
            }
            Self::Random => {
                let mut dice = Dice::of(seed, "graph", 0);
                let pairs = u64::from(hosts) * u64::from(hosts - 1) / 2;
                let mut wanted = (u64::from(hosts) * u64::from(K) / 2).min(pairs);
                while wanted > 0 {
                    let pick = |dice: &mut Dice| dice.below(u64::from(hosts)) as u32;
                    let (a, b) = (pick(&mut dice), pick(&mut dice));
                    wanted -= u64::from(link(a, b));
                }
            }
        }
        Ok(links.into_iter().collect())
    }
}

/// The mean of the hosts' clustering coefficients (Watts and Strogatz 1998): of the pairs of one host's neighbours, how many
/// are linked themselves; 0 for a host with fewer than two.
pub(crate) fn clustering(hosts: u32, links: &[(u32, u32)]) -> f64 {
    let mut neighbours = vec![Vec::new(); hosts as usize];
    let set: HashSet<(u32, u32)> = links.iter().copied().collect();
    for (a, b) in links {
        neighbours[*a as usize].push(*b);
        neighbours[*b as usize].push(*a);
    }
    let of = |near: &Vec<u32>| {
        let pairs = near.len() * near.len().saturating_sub(1) / 2;
        let linked = near
            .iter()
            .enumerate()
            .flat_map(|(i, a)| near[i + 1..].iter().map(move |b| (*a, *b)))
            .filter(|(a, b)| set.contains(&(*a.min(b), *a.max(b))))
            .count();
        if pairs == 0 {
            0.0
        } else {
            linked as f64 / pairs as f64
        }
    };
    neighbours.iter().map(of).sum::<f64>() / f64::from(hosts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(topology: Topology, hosts: u32) -> (usize, f64) {
        let links = topology.links(hosts, 1).expect("a network");
        (links.len(), clustering(hosts, &links))
    }

    #[test]
    fn links_and_clustering_are_what_theory_says() {
        // 3(k − 2) / 4(k − 1) for a ring lattice.
        let (links, coefficient) = made(Topology::Lattice, 1000);
        assert_eq!(links, 4000);
        assert!((coefficient - 18.0 / 28.0).abs() < 1e-12);
        assert_eq!(made(Topology::Complete, 50), (1225, 1.0));
        assert_eq!(made(Topology::Tree, 1000), (999, 0.0));
        let (links, coefficient) = made(Topology::Random, 1000);
        assert_eq!(links, 4000);
        assert!(coefficient < 0.05, "{coefficient}");
        // Small ones don't count a link twice.
        assert_eq!(made(Topology::Lattice, 5).0, 10);
        assert_eq!(made(Topology::Random, 3).0, 3);
        assert_eq!(made(Topology::Lattice, 2).0, 1);
    }

    #[test]
    fn sizes_out_of_bounds_are_refused() {
        for (topology, hosts) in [
            (Topology::Lattice, 1),
            (Topology::Complete, 301),
            (Topology::Tree, MOST_HOSTS + 1),
        ] {
            assert!(topology.links(hosts, 1).is_err());
        }
    }
}
