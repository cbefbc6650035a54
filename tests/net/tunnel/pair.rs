//! Two gateways `a` and `b` on the bridge, and behind each a machine, `east` and `west`.

use crate::namespaces::Network;
use crate::openmetrics::Page;
use crate::process::{self, Background, arg};
use crate::site::{self, Site};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Output;
use std::sync::Mutex;
use tempfile::TempDir;

/// Machines behind the gateways, in both families.
pub(super) const EAST: [&str; 2] = ["10.1.0.2", "fd01::2"];
pub(super) const WEST: [&str; 2] = ["10.2.0.2", "fd02::2"];
/// The gateways' addresses on the bridge, beside their IPv4 ones.
pub(super) const OUTSIDE: [&str; 2] = ["fd77::1", "fd77::2"];
const DIGITS: &str = "3141592653589793238462643383279502884197169399375105820974944592";

/// What differs between tests.
#[derive(Clone, Copy)]
pub(super) struct Settings {
    /// The gateways talk over IPv6.
    pub(super) six: bool,
    pub(super) box_seconds: u32,
    pub(super) spi_seconds: u32,
    pub(super) boxes: u32,
    /// Keys come from a hub (mode `boxes`), not from an IP key.
    pub(super) hub: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            six: false,
            box_seconds: 3600,
            spi_seconds: 86_400,
            boxes: 8,
            hub: false,
        }
    }
}

/// The pair.
pub(super) struct Pair {
    // In this order: processes end before their network goes.
    gateways: [Option<Background>; 2],
    /// In mode `boxes`.
    hub: Option<Hub>,
    pub(super) network: Network,
    /// The gateways' outer addresses.
    pub(super) outside: [String; 2],
    settings: Settings,
    folder: TempDir,
}

/// The hub of a pair.
struct Hub {
    process: Mutex<Option<Background>>,
    address: String,
}

/// Names of the gateways.
pub(super) const NAMES: [&str; 2] = ["a", "b"];

impl Pair {
    /// Both gateways up; none, with the reason printed, where that can't be.
    pub(super) fn new(settings: Settings) -> Option<Self> {
        let mut pair = Self::down(settings)?;
        for side in 0..2 {
            pair.up(side);
        }
        Some(pair)
    }

    /// The same before the gateways are up.
    pub(super) fn down(settings: Settings) -> Option<Self> {
        if !std::path::Path::new("/dev/net/tun").exists() {
            println!("skipped: this kernel has no TUN devices (/dev/net/tun)");
            return None;
        }
        let network = Network::new()?;
        let (mut network, folder, hub) = if settings.hub {
            let Site {
                hub,
                network,
                address,
                folder,
            } = Site::on(network, "");
            let process = Mutex::new(hub);
            (network, folder, Some(Hub { process, address }))
        } else {
            let folder = tempfile::Builder::new().prefix("pb").tempdir();
            (network, folder.expect("a temporary folder"), None)
        };
        let outside = [0, 1].map(|side| {
            let four = match &hub {
                Some(Hub { address, .. }) => {
                    let address = site::enrol(&mut network, folder.path(), address, NAMES[side]);
                    address.rsplit_once(':').expect("a port").0.to_owned()
                }
                None => network.machine(NAMES[side]),
            };
            network.ip(
                NAMES[side],
                &format!("address add {}/64 dev eth0 nodad", OUTSIDE[side]),
            );
            if settings.six {
                OUTSIDE[side].to_owned()
            } else {
                four
            }
        });
        network.behind("a", "east", ["10.1.0./24", "fd01::/64"]);
        network.behind("b", "west", ["10.2.0./24", "fd02::/64"]);
        std::fs::write(folder.path().join("key"), DIGITS).expect("a key");
        Some(Self {
            gateways: [None, None],
            hub,
            network,
            outside,
            settings,
            folder,
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The arguments that bring a side up. Only `a` knows where the other one is.
    pub(super) fn arguments(&self, side: usize) -> Vec<String> {
        let Settings {
            six,
            box_seconds,
            spi_seconds,
            boxes,
            hub: _,
        } = self.settings;
        let other = &self.outside[1 - side];
        let endpoint = if six {
            format!("[{other}]:4510")
        } else {
            format!("{other}:4510")
        };
        let (state, key) = (self.path(NAMES[side]), self.path("key"));
        let numbers = [
            ("--box-seconds", box_seconds),
            ("--spi-seconds", spi_seconds),
            ("--boxes", boxes),
            ("--keys", 64),
        ];
        let allowed = ["10.2.0.0/24,fd02::/64", "10.1.0.0/24,fd01::/64"][side];
        let words = [
            "tunnel",
            "up",
            "--state",
            arg(&state),
            "--device",
            "tun0",
            "--allowed",
            allowed,
            "--allow-unlocked-memory",
            // On the gateway's own loopback.
            "--metrics",
        ];
        let keys = match &self.hub {
            Some(Hub { address, .. }) => ["--hub", address, "--peer", NAMES[1 - side]].to_vec(),
            None => {
                let (role, key) = (NAMES[side], arg(&key));
                ["--mode", "ip-key", "--role", role, "--ip-key-file", key].to_vec()
            }
        };
        let words = words.iter().chain(&keys);
        let mut all: Vec<String> = words.map(|&word| word.to_owned()).collect();
        for (name, value) in numbers {
            all.extend([name.to_owned(), value.to_string()]);
        }
        if side == 0 {
            all.extend(["--endpoint".to_owned(), endpoint]);
        }
        all
    }

    /// Brings a side up, for the first time or again.
    pub(super) fn up(&mut self, side: usize) {
        let arguments = self.arguments(side);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut gateway = self.network.start(NAMES[side], &arguments);
        gateway.line_with(" is up, listening on ");
        self.gateways[side] = Some(gateway);
        for network in [["10.2.0.0/24", "fd02::/64"], ["10.1.0.0/24", "fd01::/64"]][side] {
            self.network
                .ip(NAMES[side], &format!("route add {network} dev tun0"));
        }
    }

    /// Kills a side: no goodbye to anybody.
    pub(super) fn kill(&mut self, side: usize) {
        self.gateways[side].take().expect("it is up").kill();
    }

    /// Kills the hub.
    pub(super) fn kill_hub(&self) {
        let hub = self.hub.as_ref().expect("mode boxes");
        let process = hub.process.lock().expect("no test failed with it").take();
        process.expect("it is up").kill();
    }

    /// Starts the hub again.
    pub(super) fn serve_hub(&self) {
        let hub = self.hub.as_ref().expect("mode boxes");
        let process = site::serve(&self.network, self.folder.path(), &hub.address);
        *hub.process.lock().expect("no test failed with it") = Some(process);
    }

    /// The hub's address, without its port.
    pub(super) fn hub_address(&self) -> &str {
        let hub = self.hub.as_ref().expect("mode boxes");
        hub.address.rsplit_once(':').expect("a port").0
    }

    /// Takes a side down by SIGTERM.
    pub(super) fn terminate(&mut self, side: usize) {
        let (status, lines) = self.gateways[side].take().expect("it is up").stop();
        assert!(status.success(), "{lines:#?}");
    }

    /// Takes a side down by `tunnel down`.
    pub(super) fn take_down(&mut self, side: usize) {
        process::text(&["tunnel", "down", "--state", arg(&self.path(NAMES[side]))]);
        let (status, lines) = self.gateways[side].take().expect("it is up").end();
        assert!(status.success(), "{lines:#?}");
    }

    /// `tunnel status --json` of a side.
    pub(super) fn status(&self, side: usize) -> Value {
        process::json(&[
            "tunnel",
            "status",
            "--state",
            arg(&self.path(NAMES[side])),
            "--json",
        ])
    }

    /// The metrics of a side, read on its own loopback and judged.
    pub(super) fn page(&self, side: usize) -> Page {
        let page = || Page::of("127.0.0.1:4503");
        let page = self.network.inside(NAMES[side], page);
        page.judge();
        page.check_documented();
        page
    }

    /// What it says of its peer.
    pub(super) fn peer(&self, side: usize) -> Value {
        self.status(side)["peers"][0].clone()
    }

    /// `tunnel status` for people.
    pub(super) fn told(&self, side: usize) -> String {
        process::text(&["tunnel", "status", "--state", arg(&self.path(NAMES[side]))])
    }

    /// Both sides have heard each other.
    pub(super) fn meet(&self) {
        process::until(
            "the gateways meet",
            || {
                (
                    self.ping("east", WEST[0], 56),
                    self.ping("west", EAST[1], 56),
                )
            },
            |(east, west)| *east && *west,
        );
    }

    /// One echo request of so many bytes from a machine, answered within a second.
    pub(super) fn ping(&self, machine: &str, to: &str, bytes: usize) -> bool {
        let size = bytes.to_string();
        let output = self.run(
            machine,
            "busybox",
            &["ping", "-c", "1", "-W", "1", "-s", &size, to],
        );
        output.status.success()
    }

    /// A program on a machine, to its end.
    pub(super) fn run(&self, machine: &str, program: &str, arguments: &[&str]) -> Output {
        let command = self.network.program(machine, program, arguments);
        process::run_command(command, program)
    }
}
