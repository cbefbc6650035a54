//! Network namespaces on one bridge, gone when the test is.

use crate::process::{self, Background};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Tests that promise a time share the machine; one that keeps all of it busy has it alone.
static MACHINE: RwLock<()> = RwLock::new(());

/// What a test has of the machine.
enum Part {
    Shared {
        _guard: RwLockReadGuard<'static, ()>,
    },
    Whole {
        _guard: RwLockWriteGuard<'static, ()>,
    },
}

impl Part {
    // A test that failed elsewhere leaves nothing behind that would matter here.
    fn shared() -> Self {
        let _guard = MACHINE.read().unwrap_or_else(PoisonError::into_inner);
        Self::Shared { _guard }
    }

    fn whole() -> Self {
        let _guard = MACHINE.write().unwrap_or_else(PoisonError::into_inner);
        Self::Whole { _guard }
    }
}

/// Networks of this process so far.
static NETWORKS: AtomicU32 = AtomicU32::new(0);

/// Runs `ip`; false with its words on standard error when it fails.
fn ip(arguments: &str) -> bool {
    let status = Command::new("ip").args(arguments.split(' ')).status();
    status.is_ok_and(|status| status.success())
}

fn must(arguments: &str) {
    assert!(ip(arguments), "ip {arguments}");
}

/// What a link does to its packets.
#[derive(Clone, Copy, Default)]
pub(crate) struct Bad {
    pub(crate) loss_percent: u32,
    pub(crate) delay_ms: u32,
    pub(crate) jitter_ms: u32,
    pub(crate) reorder_percent: u32,
}

/// A bridge in a namespace of its own, and a namespace a machine.
pub(crate) struct Network {
    prefix: String,
    machines: Vec<String>,
    /// The programs that play bad links.
    wires: Vec<Child>,
    /// Given back last.
    _part: Part,
}

impl Network {
    /// An empty one; none, with the reason printed, where there can't be any.
    pub(crate) fn new() -> Option<Self> {
        Self::with(Part::shared())
    }

    /// The same for a test that keeps all cores busy: no other one runs meanwhile.
    pub(crate) fn alone() -> Option<Self> {
        Self::with(Part::whole())
    }

    fn with(part: Part) -> Option<Self> {
        let number = NETWORKS.fetch_add(1, Ordering::Relaxed);
        let network = Self {
            prefix: format!("pb{}n{number}", std::process::id()),
            machines: Vec::new(),
            wires: Vec::new(),
            _part: part,
        };
        if !rustix::process::geteuid().is_root() {
            println!("skipped: network namespaces need root");
            return None;
        }
        let switch = network.name("switch");
        if !ip(&format!("netns add {switch}")) {
            println!(
                "skipped: no network namespaces here (`ip netns add` failed; install iproute2)"
            );
            return None;
        }
        if !ip(&format!("-n {switch} link add br0 type bridge")) {
            println!("skipped: this kernel has no bridges");
            return None;
        }
        let python = Command::new("python3").arg("--version").output();
        if !python.is_ok_and(|output| output.status.success()) {
            println!("skipped: the bad links need python3");
            return None;
        }
        must(&format!("-n {switch} link set br0 up"));
        Some(network)
    }

    /// The name of a machine's namespace.
    pub(crate) fn name(&self, machine: &str) -> String {
        format!("{}{machine}", self.prefix)
    }

    /// A machine on the bridge; gives its address.
    pub(crate) fn machine(&mut self, machine: &str) -> String {
        let (name, switch) = (self.name(machine), self.name("switch"));
        must(&format!("netns add {name}"));
        self.machines.push(machine.to_owned());
        let address = format!("10.77.0.{}", self.machines.len());
        must(&format!(
            "-n {switch} link add to-{machine} type veth peer name eth0 netns {name}"
        ));
        must(&format!("-n {switch} link set to-{machine} master br0 up"));
        for of in ["lo up", "eth0 up"] {
            must(&format!("-n {name} link set {of}"));
        }
        must(&format!("-n {name} address add {address}/24 dev eth0"));
        address
    }

    /// `photonbox` on a machine.
    pub(crate) fn command(&self, machine: &str, arguments: &[&str]) -> Command {
        let plain = process::photonbox(arguments);
        let mut command = Command::new("ip");
        command
            .args(["netns", "exec", &self.name(machine)])
            .arg(plain.get_program())
            .args(plain.get_args())
            .stdin(Stdio::null());
        for (name, value) in plain.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    /// The same, started.
    pub(crate) fn start(&self, machine: &str, arguments: &[&str]) -> Background {
        let what = format!("{machine}: {}", arguments.join(" "));
        Background::start_command(self.command(machine, arguments), &what)
    }

    /// `ip` on a machine.
    pub(crate) fn ip(&self, machine: &str, arguments: &str) {
        must(&format!("-n {} {arguments}", self.name(machine)));
    }

    /// A machine behind another one: networks of their own, each given as its first bits and its length, such as `10.1.0./24`.
    pub(crate) fn behind(&mut self, gateway: &str, machine: &str, networks: [&str; 2]) {
        let (name, of) = (self.name(machine), self.name(gateway));
        must(&format!("netns add {name}"));
        self.machines.push(machine.to_owned());
        must(&format!(
            "-n {of} link add {machine} type veth peer name eth0 netns {name}"
        ));
        must(&format!("-n {of} link set {machine} up"));
        for link in ["lo up", "eth0 up"] {
            must(&format!("-n {name} link set {link}"));
        }
        for network in networks {
            let nodad = if network.contains(':') { " nodad" } else { "" };
            let (head, length) = network.split_once('/').expect("a network");
            must(&format!(
                "-n {of} address add {head}1/{length} dev {machine}{nodad}"
            ));
            must(&format!(
                "-n {name} address add {head}2/{length} dev eth0{nodad}"
            ));
            must(&format!("-n {name} route add default via {head}1"));
        }
        self.inside(gateway, || {
            for forwarding in ["ipv4/ip_forward", "ipv6/conf/all/forwarding"] {
                let path = Path::new("/proc/sys/net").join(forwarding);
                std::fs::write(path, "1").expect("root may");
            }
        });
    }

    /// Any program on a machine.
    pub(crate) fn program(&self, machine: &str, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("ip");
        command
            .args(["netns", "exec", &self.name(machine), program])
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    /// Further addresses of a machine.
    pub(crate) fn addresses(&self, machine: &str, all: &[String]) {
        for address in all {
            must(&format!(
                "-n {} address add {address}/24 dev eth0",
                self.name(machine)
            ));
        }
    }

    /// Does something on a machine: sockets of this thread, and of threads that it starts, are that machine's.
    pub(crate) fn inside<T: Send>(&self, machine: &str, work: impl FnOnce() -> T + Send) -> T {
        let namespace = Path::new("/run/netns").join(self.name(machine));
        std::thread::scope(|scope| {
            let there = scope.spawn(|| {
                let namespace = std::fs::File::open(&namespace).expect("the machine's namespace");
                let kind = Some(LinkNameSpaceType::Network);
                move_into_link_name_space(namespace.as_fd(), kind).expect("root enters it");
                work()
            });
            there
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Puts a bad link between a machine and the bridge.
    pub(crate) fn spoil(&mut self, machine: &str, bad: Bad, seed: u32) {
        let switch = self.name("switch");
        must(&format!("-n {switch} link set to-{machine} nomaster"));
        must(&format!(
            "-n {switch} link add w-{machine} type veth peer name b-{machine}"
        ));
        must(&format!("-n {switch} link set w-{machine} up"));
        must(&format!("-n {switch} link set b-{machine} master br0 up"));
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/net/wire.py");
        let mut command = Command::new("ip");
        command
            .args(["netns", "exec", &switch, "python3"])
            .arg(script)
            .args([format!("to-{machine}"), format!("w-{machine}")]);
        for number in [
            bad.loss_percent,
            bad.delay_ms,
            bad.jitter_ms,
            bad.reorder_percent,
            seed,
        ] {
            command.arg(number.to_string());
        }
        // What comes before it listens is lost, as on any bad link.
        let wire = command.stdin(Stdio::null()).spawn();
        self.wires.push(wire.expect("python3 starts"));
    }

    /// Cuts a machine off: its packets go nowhere, and nobody tells it.
    pub(crate) fn cut(&self, machine: &str) {
        let switch = self.name("switch");
        must(&format!("-n {switch} link set to-{machine} nomaster"));
    }

    /// From now on nothing goes from a machine to an address.
    pub(crate) fn lose_the_way(&self, machine: &str, address: &str) {
        let name = self.name(machine);
        must(&format!("-n {name} route add blackhole {address}/32"));
    }

    /// Undoes [`Network::lose_the_way`].
    pub(crate) fn find_the_way(&self, machine: &str, address: &str) {
        let name = self.name(machine);
        must(&format!("-n {name} route del blackhole {address}/32"));
    }

    /// Undoes [`Network::cut`].
    pub(crate) fn heal(&self, machine: &str) {
        let switch = self.name("switch");
        must(&format!("-n {switch} link set to-{machine} master br0"));
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for wire in &mut self.wires {
            let ended = wire.try_wait().ok().flatten();
            if let (Some(status), false) = (ended, std::thread::panicking()) {
                panic!("a bad link ended before its test: {status}");
            }
            // It goes with its namespace otherwise.
            let _ = wire.kill();
            let _ = wire.wait();
        }
        for machine in &self.machines {
            ip(&format!("netns del {}", self.name(machine)));
        }
        ip(&format!("netns del {}", self.name("switch")));
    }
}
