//! What the kernel lost between two machines, by the place where it did: so that a datagram that is missing is a gateway's
//! only if the network did not lose it.

use super::pair::{NAMES, Pair};
use std::collections::BTreeMap;
use std::fmt;

/// Drops by place, since the beginning.
type Counts = BTreeMap<String, u64>;

/// What was lost between two looks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Losses {
    /// By a gateway: its device's queue, or its socket's; and what came broken out of one.
    pub(super) gateways: Counts,
    /// By the network: the links' queues, and the machines behind the gateways.
    pub(super) network: Counts,
}

/// Datagrams in one packet that is lost between two links, where the kernel joined them (GSO): `UDP_MAX_SEGMENTS`.
const JOINED: u64 = 128;

impl Losses {
    /// Whether so many missing datagrams are the network's: it has said that it lost some, and no gateway did.
    pub(super) fn explain(&self, missing: u64) -> bool {
        let network: u64 = self.network.values().sum();
        self.gateways.is_empty() && missing <= network * JOINED
    }
}

impl fmt::Display for Losses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "lost by the gateways: {:?}, by the network: {:?}",
            self.gateways, self.network
        )
    }
}

/// A look at all counters of a pair.
pub(super) struct Look {
    gateways: Counts,
    network: Counts,
}

impl Look {
    pub(super) fn at(pair: &Pair) -> Self {
        let (mut gateways, mut network) = (Counts::new(), Counts::new());
        for machine in [NAMES[0], NAMES[1], "east", "west"] {
            let counts = pair.network.inside(machine, || of_machine(machine));
            // Links lose for the network wherever they are, and break nothing; what else a gateway's machine loses is the
            // gateway's.
            let (broken, counts) = counts
                .into_iter()
                .partition(|(name, _)| name.ends_with(BROKEN));
            gateways.extend::<Counts>(broken);
            let (links, others): (Counts, Counts) = counts
                .into_iter()
                .partition(|(name, _)| name.contains("link "));
            network.extend(links);
            if NAMES.contains(&machine) {
                gateways.extend(others);
            } else {
                network.extend(others);
            }
        }
        network.insert("the processors' queues of packets".into(), backlog());
        Self { gateways, network }
    }

    /// What was lost since.
    pub(super) fn since(&self, before: &Self) -> Losses {
        let less = |now: &Counts, before: &Counts| {
            now.iter()
                .map(|(name, count)| (name, count - before.get(name).copied().unwrap_or(0)))
                .filter(|(_, count)| *count > 0)
                .map(|(name, count)| (name.clone(), count))
                .collect()
        };
        Losses {
            gateways: less(&self.gateways, &before.gateways),
            network: less(&self.network, &before.network),
        }
    }
}

/// The counters of this thread's namespace. `/proc/net` is that of the process.
fn of_machine(machine: &str) -> Counts {
    let read = |name: &str| {
        let path = format!("/proc/thread-self/net/{name}");
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    let mut counts = Counts::new();
    let mut note = |name: String, count: u64| {
        counts.insert(format!("{machine}: {name}"), count);
    };
    for (device, fields) in devices(&read("dev")) {
        let kind = if device.starts_with("tun") {
            "device"
        } else {
            "link"
        };
        for (name, at) in [("received", 3), ("sent", 11)] {
            note(format!("{kind} {device}, {name}"), fields[at]);
        }
    }
    for (name, count) in four(&read("snmp")).into_iter().chain(six(&read("snmp6"))) {
        if SOCKETS.iter().any(|end| name.ends_with(end)) {
            note(name, count);
        }
    }
    counts
}

/// Of the counters of UDP those of datagrams that were lost for want of room, and of those that came broken, which nothing
/// here may do.
const SOCKETS: [&str; 3] = ["InErrors", "SndbufErrors", BROKEN];
const BROKEN: &str = "InCsumErrors";

/// `/proc/net/dev`: two lines of titles, then a device a line.
fn devices(text: &str) -> Vec<(String, Vec<u64>)> {
    text.lines()
        .skip(2)
        .map(|line| {
            let (device, fields) = line.split_once(':').expect("a device");
            let fields = fields.split_whitespace().map(number).collect();
            (device.trim().to_owned(), fields)
        })
        .collect()
}

/// `/proc/net/snmp`: a line of names, then one of numbers.
fn four(text: &str) -> Vec<(String, u64)> {
    let lines: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    let mut all = Vec::new();
    for pair in lines.chunks(2) {
        let [names, numbers] = pair else {
            panic!("{pair:?}")
        };
        let of = names[0].trim_end_matches(':');
        for (name, count) in names[1..].iter().zip(&numbers[1..]) {
            // Others are -1 for none.
            if of == "Udp" {
                all.push((format!("Udp{name}"), number(count)));
            }
        }
    }
    all
}

/// `/proc/net/snmp6`: a name and a number a line.
fn six(text: &str) -> Vec<(String, u64)> {
    text.lines()
        .filter_map(|line| line.split_once(char::is_whitespace))
        .filter(|(name, _)| name.starts_with("Udp6"))
        .map(|(name, count)| (name.to_owned(), number(count.trim())))
        .collect()
}

/// Packets that the processors dropped between two links, since too many waited: the second column, for all namespaces.
fn backlog() -> u64 {
    let path = "/proc/net/softnet_stat";
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let dropped = |line: &str| {
        let field = line.split_whitespace().nth(1).expect("a second column");
        u64::from_str_radix(field, 16).expect("hex")
    };
    text.lines().map(dropped).sum()
}

fn number(text: &str) -> u64 {
    text.parse()
        .unwrap_or_else(|_| panic!("`{text}` is no number"))
}
