//! A card that dies where only a kernel is at work: before it is opened, while it is open, and with whoever plays it.
//!
//! A kernel resets a function that it opens or closes, and waits a minute for one that doesn't answer. So this takes
//! minutes, in which nothing happens; `PHOTONBOX_LONG=1` asks for it, and `make soak-vm` does.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use photonbox_driver::transport::vfio_user::VfioUser;
use photonbox_driver::{Card, Device, OpenOptions};
use photonbox_regmap::global;
use photonbox_simcard::vfio_user::{About, Server};
use photonbox_simcard::{Fault, SimCard, SimCardOptions, Source, StochasticParams};

use crate::guest::{self, Guest, Parts, Steps};

/// `ask WORD` tells the card's owner, and returns when it is done.
const INIT: &str = r#"
exec 3<>$(echo /dev/vport*)
ask() { echo $1 >&3; read answer <&3; }
card=vfio:$bdf
say before photonbox card info --json --card $card
ask remove
say opened photonbox card info --card $card
ask return
say returned photonbox card selftest --json --card $card
say between photonbox card selftest --json --card $card
( ask remove-while-it-runs ) &
say closed photonbox card status --for 30s --card $card
wait
ask return
say back photonbox card selftest --json --card $card
say after photonbox card selftest --json --card $card
ask end
say ended photonbox card info --card $card
$b poweroff -f
"#;

/// The owner: a card, its server, and what happens to them.
struct Owner {
    card: Arc<SimCard>,
    server: Option<Server>,
}

impl Owner {
    fn new(socket: &Path) -> Self {
        let light = StochasticParams {
            rate: 200e3,
            ..StochasticParams::default()
        };
        let options = SimCardOptions {
            source: Source::Stochastic(light),
            ..SimCardOptions::default()
        };
        let card = SimCard::new(options).expect("a simulated card");
        let server = Server::new(Arc::clone(&card) as _, socket, About::default());
        Self {
            server: Some(server.expect("a server")),
            card,
        }
    }

    /// Does what the guest asks for, until it has gone.
    fn serve(&mut self, line: &UnixStream) {
        let mut answers = line;
        for asked in BufReader::new(line).lines() {
            let Ok(asked) = asked else { return };
            match asked.trim() {
                "remove" => self.remove(),
                "remove-while-it-runs" => {
                    let runs = || {
                        let status = self.card.read32(global::STATUS);
                        global::STATUS_RUNNING.is_set(status)
                    };
                    while !runs() {
                        std::thread::sleep(Duration::from_millis(20));
                    }
                    self.remove();
                }
                "return" => self.card.end(Fault::SurpriseRemoval),
                "end" => drop(self.server.take()),
                other => panic!("the guest asked for {other:?}"),
            }
            if answers.write_all(b"done\n").is_err() {
                return;
            }
        }
    }

    fn remove(&self) {
        let removed = self.card.inject(Fault::SurpriseRemoval);
        removed.expect("every card can be pulled out");
    }
}

/// Boots a guest: what it said, step by step and as a whole, and the card and its server as they are then.
fn boot(guest: &Guest, folder: &Path) -> (Steps, String, Owner) {
    let (socket, line) = (folder.join("card"), folder.join("line"));
    let mut owner = Owner::new(&socket);
    let listener = UnixListener::bind(&line).expect("a socket");
    let answering = std::thread::spawn(move || {
        let (line, _) = listener.accept().expect("QEMU connects");
        owner.serve(&line);
        owner
    });
    let files = guest::program(
        &PathBuf::from(env!("CARGO_BIN_EXE_photonbox")),
        "bin/photonbox",
    );
    let modules = [guest::VFIO_MODULES, &["virtio_console"]].concat();
    let parts = Parts {
        modules: &modules,
        init: &[guest::CARD_INIT, guest::BIND_CARD, INIT].concat(),
        files: &files,
        limit: guest::BOOT_LIMIT,
    };
    let card = socket.display();
    let devices = [
        "-device".to_owned(),
        guest::INTEL_IOMMU.to_owned(),
        "-device".to_owned(),
        format!(r#"{{"driver":"vfio-user-pci","socket":{{"path":"{card}","type":"unix"}}}}"#),
        "-chardev".to_owned(),
        format!("socket,id=line,path={}", line.display()),
        "-device".to_owned(),
        "virtio-serial-pci".to_owned(),
        "-device".to_owned(),
        "virtserialport,chardev=line".to_owned(),
    ];
    let console = guest.boot(&parts, &devices, folder);
    // Where QEMU never came, the owner still waits for it.
    drop(UnixStream::connect(&line));
    let owner = answering.join().expect("the owner ends with QEMU");
    (guest::steps(&console), console, owner)
}

#[test]
fn a_card_that_dies_while_a_kernel_opens_or_closes_it_is_an_error_and_no_end() {
    if std::env::var_os("PHOTONBOX_LONG").is_none() {
        return eprintln!("skipped: a kernel waits minutes for a dead card; `make soak-vm` has it");
    }
    let guest = match Guest::find_with_vfio_user() {
        Ok(guest) => guest,
        Err(missing) => return eprintln!("skipped: {missing}"),
    };
    // Short enough for a socket's name.
    let folder = tempfile::Builder::new()
        .prefix("pb")
        .tempdir_in("/tmp")
        .expect("a folder");
    let (steps, console, owner) = boot(&guest, folder.path());
    let step = |name: &str| {
        let found = steps.get(name);
        found.unwrap_or_else(|| panic!("{name}: {console}"))
    };
    let refused = |name: &str| {
        let (code, said) = step(name);
        assert_eq!(*code, 1, "{name}: {said}\n{console}");
        // The console has a step's lines as one.
        assert_eq!(said.matches("error: ").count(), 1, "{name}: {said}");
        let (what, help) = said.split_once(" / help: ").expect("says what to do");
        assert!(!what.contains("panicked") && !help.is_empty(), "{said}");
        println!("{name}: {said}");
        said.clone()
    };
    let passes = |name: &str| {
        let (code, said) = step(name);
        assert_eq!(*code, 0, "{name}: {said}\n{console}");
    };
    // What a kernel kept of a function that was gone may be wrong once, until closing has reset it.
    let passes_or_is_refused = |name: &str| {
        if step(name).0 != 0 {
            refused(name);
        }
    };
    let dead = "the card is dead";
    passes("before");
    assert!(refused("opened").contains(dead), "{console}");
    passes_or_is_refused("returned");
    passes("between");
    assert!(refused("closed").contains(dead), "{console}");
    passes_or_is_refused("back");
    passes("after");
    // QEMU goes on without whoever played the card, until it powers off: then it may give up by itself.
    assert!(refused("ended").contains(dead), "{console}");

    // The card has seen it all, and serves the next client.
    let socket = folder.path().join("again");
    let served = Server::new(Arc::clone(&owner.card) as _, &socket, About::default());
    let served = served.expect("the card is served anew");
    let way = VfioUser::connect(&socket.display().to_string()).expect("a way to it");
    let card = Card::open(Box::new(way), OpenOptions::default()).expect("it opens");
    let selftest = card.selftest().expect("it can be tested");
    assert_eq!(selftest.failed, 0, "{selftest:?}");
    drop((card, served));
}
