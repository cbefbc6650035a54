//! The table of docs/vault.md over real processes: hub, agents and appliance each with a state directory of their own.
//!
//! Two items are made and opened by commands. Then it is looked for K_s, K_m and the data keys, in all their encodings, in all files of
//! each party, in what went between them, and in the memory of hub and agents: they are nowhere. And what each combination of robbed
//! parties has stored is multiplied and divided in all ways: where the table says *safe* no key comes out, where it says that the set
//! opens, the keys do that the commands gave.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use photonbox_channel::Role;
use photonbox_client::{Ask, Connection, OsRandom};
use photonbox_secret::SecretArray;
use photonbox_store::{ROOT_KEY_FILE, RootKey, SqliteStore, Store as _, VaultStore as _};
use photonbox_vault::api::Protocol;
use photonbox_vault::group::{Group, P384, Ristretto255};
use photonbox_vault::item::{ItemName, data_key};
use photonbox_vault::kept::ShareKey;
use photonbox_vault::protocol::{HiddenShare, Kind};
use serde_json::Value;

use super::appliance::{credentials, wait};
use super::tap::Tap;
use super::{SERVES, api_of, line};
use crate::process::{self, Background, arg};
use crate::scene::{Scene, address_in};

pub(super) const SET: &str = "tenant-of-honesty";
const ITEMS: [&str; 2] = ["first", "second"];

/// What somebody has stored: elements, ciphertexts, and what opens those.
pub(super) struct Stored<G: Group> {
    pub(super) elements: Vec<G::Element>,
    pub(super) ciphertexts: Vec<G::Ciphertext>,
    private: Option<G::PrivateKey>,
}

impl<G: Group> Default for Stored<G> {
    fn default() -> Self {
        Self {
            elements: Vec::new(),
            ciphertexts: Vec::new(),
            private: None,
        }
    }
}

/// All that a set's parties have stored.
struct Parties<G: Group> {
    appliance: Stored<G>,
    vault: Stored<G>,
    agents: Vec<Stored<G>>,
}

fn element<G: Group>(bytes: &[u8]) -> G::Element {
    G::decode(bytes).expect("an element")
}

fn ciphertext<G: Group>(bytes: &[u8]) -> G::Ciphertext {
    G::decode_ciphertext(bytes).expect("a ciphertext")
}

fn opened(state: &Path) -> SqliteStore {
    let store = SqliteStore::open(state).expect("a store");
    let root = RootKey::read(&state.join(ROOT_KEY_FILE)).expect("a root key");
    store.set_root_key(Some(root));
    store
}

fn name<G: Group>(item: &str) -> ItemName {
    ItemName {
        scheme: G::SCHEME,
        set: SET.into(),
        generation: 1,
        item: item.into(),
    }
}

fn vault_of<G: Group>(state: &Path, clear: bool) -> Stored<G> {
    let mut stored = Stored::default();
    opened(state)
        .read_vault(&mut |rows| {
            let set = rows.set(SET)?.expect("the set");
            let own = rows.appliance(SET, 1, "host")?.expect("the appliance");
            for key in [&set.private_key, &own.private_key].into_iter().flatten() {
                let key = G::decode_private_key(key.as_slice());
                stored.private = Some(key.expect("a private key"));
            }
            if let Some(concealment) = &own.concealment {
                stored.elements.push(element::<G>(concealment.as_slice()));
            }
            let key = rows.secret("share/1")?.expect("the vault's own key");
            let key = SecretArray::from_slice(key.as_slice()).expect("32 bytes");
            for item in ITEMS {
                let row = rows.item(SET, Some(1), item)?.expect("the item");
                let share = row.share.expect("a share");
                if clear {
                    let share = ShareKey::new(1, &key).open(&name::<G>(item), &share);
                    let share = share.expect("a share");
                    stored.elements.push(element::<G>(share.as_slice()));
                } else {
                    stored.ciphertexts.push(ciphertext::<G>(&share));
                }
            }
            Ok(true)
        })
        .expect("rows");
    stored
}

fn agent_of<G: Group>(state: &Path) -> Stored<G> {
    let mut stored = Stored::default();
    opened(state)
        .read_vault(&mut |rows| {
            let own = rows.appliance(SET, 1, "host")?.expect("its part");
            let kept = own.concealment.expect("its part");
            let scheme = format!("{}\n", G::SCHEME.name());
            let kept = kept.as_slice().strip_prefix(scheme.as_bytes());
            stored
                .ciphertexts
                .push(ciphertext::<G>(kept.expect("E(r)")));
            Ok(true)
        })
        .expect("rows");
    stored
}

pub(super) fn appliance_of<G: Group>(state: &Path) -> Stored<G> {
    let kept = std::fs::read(state.join("vault").join(format!("{SET}.set")));
    let kept: Value = serde_json::from_slice(&kept.expect("a file")).expect("JSON");
    let bytes = |field: &str| {
        let text = kept[field].as_str()?;
        Some(STANDARD.decode(text).expect("base64"))
    };
    let own = bytes("own").map(|own| element::<G>(&own));
    let master = bytes("master").map(|master| ciphertext::<G>(&master));
    Stored {
        elements: own.into_iter().collect(),
        ciphertexts: master.into_iter().collect(),
        private: None,
    }
}

/// All products of what these have, each element left out, multiplied or divided by.
pub(super) fn products<G: Group>(
    robbed: &[&Stored<G>],
    captured: Option<&G::Element>,
) -> Vec<G::Element> {
    let mut elements: Vec<G::Element> = robbed
        .iter()
        .flat_map(|stored| &stored.elements)
        .chain(captured)
        .map(copy::<G>)
        .collect();
    if let Some(private) = robbed.iter().find_map(|stored| stored.private.as_ref()) {
        let all = robbed.iter().flat_map(|stored| &stored.ciphertexts);
        elements.extend(all.filter_map(|ciphertext| G::decrypt(private, ciphertext)));
    }
    let mut products: Vec<G::Element> = Vec::new();
    for first in 0..elements.len() {
        // The first factor is this one; the others are none, or one of those behind it.
        let mut made = vec![copy::<G>(&elements[first])];
        for other in elements.iter().enumerate().filter(|(at, _)| *at != first) {
            let more: Vec<_> = made
                .iter()
                .flat_map(|one| [G::product(one, other.1), G::quotient(one, other.1)])
                .collect();
            made.extend(more);
        }
        products.extend(made);
    }
    products
}

fn bytes<G: Group>(element: &G::Element) -> Vec<u8> {
    G::encode(element).as_slice().to_vec()
}

/// Elements are secrets, which have no `Clone`.
fn copy<G: Group>(of: &G::Element) -> G::Element {
    element::<G>(&bytes::<G>(of))
}

/// What these make an item's key of, if they do.
pub(super) fn key_of<G: Group>(
    products: &[G::Element],
    item: &str,
    key: &[u8],
) -> Option<G::Element> {
    let name = name::<G>(item);
    let found = products
        .iter()
        .find(|one| data_key::<G>(one, &name).as_slice() == key);
    found.map(copy::<G>)
}

/// Looks for secrets, in their raw form, in hex and in base64 at each place of a group of three.
pub(super) struct Search {
    forms: Vec<(String, Vec<u8>)>,
    /// By the first two bytes.
    begins: Vec<bool>,
}

impl Search {
    pub(super) fn new(secrets: &[(&str, &[u8])]) -> Self {
        let mut forms = Vec::new();
        for (name, secret) in secrets {
            forms.push((format!("{name}, raw"), secret.to_vec()));
            let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
            forms.push((format!("{name}, in hex"), hex.into_bytes()));
            for shift in 0..3 {
                let text = STANDARD.encode([&vec![0; shift][..], secret].concat());
                // Without what also comes from the bytes around it.
                let text = &text.as_bytes()[[0, 2, 3][shift]..];
                let text = &text[..secret.len() * 4 / 3 - 4];
                forms.push((format!("{name}, in base64"), text.to_vec()));
            }
        }
        let mut begins = vec![false; 1 << 16];
        for (_, form) in &forms {
            begins[usize::from(u16::from_be_bytes([form[0], form[1]]))] = true;
        }
        Self { forms, begins }
    }

    pub(super) fn find(&self, bytes: &[u8]) -> Option<&str> {
        for at in 0..bytes.len().saturating_sub(1) {
            if self.begins[usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]))] {
                let rest = &bytes[at..];
                if let Some((name, _)) = self.forms.iter().find(|(_, form)| rest.starts_with(form))
                {
                    return Some(name);
                }
            }
        }
        None
    }
}

/// All files below a folder.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.is_file() {
            found.push(path);
        }
    }
    found
}

/// All memory of a process that can be read.
pub(super) fn memory(process: &Background) -> Vec<Vec<u8>> {
    let maps = std::fs::read_to_string(format!("/proc/{}/maps", process.id()));
    let memory = File::open(format!("/proc/{}/mem", process.id())).expect("its memory");
    let mut all = Vec::new();
    for line in maps.expect("its maps").lines() {
        let mut words = line.split_whitespace();
        let (range, mode) = (
            words.next().expect("a range"),
            words.next().expect("a mode"),
        );
        let file = words.nth(3).unwrap_or_default();
        if !mode.starts_with('r') || !mode.contains('w') && file.starts_with('/') {
            continue;
        }
        let (from, to) = range.split_once('-').expect("a range");
        let number = |text| u64::from_str_radix(text, 16).expect("a number");
        let mut part = vec![0; (number(to) - number(from)) as usize];
        // What the kernel keeps to itself can't be read.
        if memory.read_exact_at(&mut part, number(from)).is_ok() {
            all.push(part);
        }
    }
    all
}

pub(super) fn text(search: &Search, what: &str, all: &[Vec<u8>]) {
    for part in all {
        if let Some(secret) = search.find(part) {
            panic!("{secret} is in {what}");
        }
    }
}

/// A protocol, from its first request to the end of its processes.
fn honest<G: Group>(protocol: Protocol) {
    let label = format!("{protocol} on {}", G::SCHEME.name());
    let agents: &[&str] = match protocol {
        Protocol::Three => &["one"],
        Protocol::N => &["one", "two"],
        _ => &[],
    };
    let scene = Scene::new();
    scene.init("hub");
    let identity = |state: &str| {
        let store = SqliteStore::open(&scene.path(state));
        store
            .and_then(|store| store.identity())
            .expect("an identity")
    };
    let hubs = identity("hub");
    let mut hub = scene.serve("hub", "127.0.0.1:0", &SERVES);
    let api = api_of(&mut hub);
    let host = scene.enrol(&hub, "host");
    let mut taps = vec![Tap::new(
        &hubs,
        Role::Host,
        &identity("host"),
        Role::Hub,
        &api,
    )];
    let mut processes = Vec::new();
    let mut command = [
        "create",
        SET,
        "--scheme",
        G::SCHEME.name(),
        "--protocol",
        protocol.name(),
    ]
    .map(str::to_owned)
    .to_vec();
    for agent in agents {
        scene.enrol(&hub, agent);
        let (own, state) = (identity(agent), scene.path(agent));
        let mut process = Background::start(&[
            "homomorphic-agent",
            "--state",
            arg(&state),
            "--listen",
            "127.0.0.1:0",
            "--allow-unlocked-memory",
        ]);
        let at = address_in(&process.line_with("listening on "), "listening on ");
        let tap = Tap::new(&own, Role::Hub, &hubs, Role::Host, &at);
        command.extend(["--agent".to_owned(), format!("{agent}={}", tap.address)]);
        taps.push(tap);
        processes.push((*agent, process));
    }
    let tapped = taps[0].address.clone();
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    process::text(&line(&host, &tapped, &command));
    let keys = ITEMS.map(|item| {
        let item = format!("{SET}/{item}");
        process::text(&line(&host, &tapped, &["create", &item]));
        let opens = line(&host, &tapped, &["open", &item, "--hex"]);
        let opened = process::json(&[&opens[..], &["--json"]].concat());
        let key = opened["key"].as_str().expect("a key").to_owned();
        (0..32)
            .map(|at| u8::from_str_radix(&key[2 * at..2 * at + 2], 16).expect("hex"))
            .collect::<Vec<u8>>()
    });
    let (hubs_memory, agents_memory): (_, Vec<_>) = (
        memory(&hub.process),
        processes
            .iter()
            .map(|(name, process)| (*name, memory(process)))
            .collect(),
    );
    let asked = (protocol == Protocol::Homomorphic).then(|| asks_for_master::<G>(&host, &api));
    // As they lie while all run: a write-ahead log is there.
    let stored: Vec<(PathBuf, Vec<u8>)> = ["hub", "host"]
        .iter()
        .chain(agents)
        .flat_map(|party| files(&scene.path(party)))
        .map(|path| (path.clone(), std::fs::read(path).unwrap_or_default()))
        .collect();
    let wires: Vec<_> = taps.iter().map(Tap::seen).collect();
    for (_, process) in processes {
        assert!(process.terminate().success());
    }
    assert!(hub.process.terminate().success());

    let parties = Parties::<G> {
        appliance: appliance_of(&host),
        vault: vault_of(
            &scene.path("hub"),
            matches!(protocol, Protocol::Blinded | Protocol::Optimised),
        ),
        agents: agents
            .iter()
            .map(|agent| agent_of(&scene.path(agent)))
            .collect(),
    };
    let [first, second] = judged(&label, &parties, &keys);

    // K_s, K_m and the data keys are nowhere.
    let master = G::quotient(&shares(&parties.vault)[0], &first);
    if let Some(asked) = asked {
        assert_eq!(
            asked,
            bytes::<G>(&master),
            "{label}: who asks for K_m has it"
        );
    }
    if protocol == Protocol::Blinded {
        let message = bytes::<G>(&G::product(&first, &parties.appliance.elements[0]));
        let sent = Search::new(&[("K_s·B", &message)]);
        assert!(
            wires[0].iter().any(|part| sent.find(part).is_some()),
            "{label}: K_s·B is sent"
        );
    }
    // Of a point in SEC 1's form the first byte may be another one.
    let plain = |element| {
        let bytes = bytes::<G>(element);
        bytes[bytes.len() % 16..].to_vec()
    };
    let (first, second, master) = (plain(&first), plain(&second), plain(&master));
    let secrets: [(&str, &[u8]); 5] = [
        ("the first K_s", &first),
        ("the second K_s", &second),
        ("K_m", &master),
        ("the first data key", &keys[0]),
        ("the second data key", &keys[1]),
    ];
    let search = Search::new(&secrets);
    let there = Search::new(&[("the set's name", SET.as_bytes())]);
    for (path, content) in &stored {
        text(
            &search,
            &format!("{label}: {}", path.display()),
            std::slice::from_ref(content),
        );
    }
    for wire in &wires {
        assert!(
            wire.iter().any(|part| there.find(part).is_some()),
            "{label}: it was seen"
        );
        text(&search, &format!("{label}: what was sent"), wire);
    }
    for (name, memory) in agents_memory.iter().chain([&("hub", hubs_memory)]) {
        assert!(
            memory.iter().any(|part| there.find(part).is_some()),
            "{label}: {name} was read"
        );
        text(&search, &format!("{label}: the memory of {name}"), memory);
    }
}

/// *homomorphic*: an enrolled appliance sends E(K_m) itself where its question about an item should be.
fn asks_for_master<G: Group>(host: &Path, api: &str) -> Vec<u8> {
    let kept = host.join("vault").join(SET);
    let path = kept.join(format!(
        "{}.item",
        crate::scene::sha256(ITEMS[0].as_bytes())
    ));
    let kept: Value =
        serde_json::from_slice(&std::fs::read(path).expect("a ticket")).expect("JSON");
    let master = HiddenShare::<G>::new(appliance_of::<G>(host).ciphertexts.remove(0));
    let message = master.to_message(Kind::HomomorphicAsk).to_bytes();
    let (generation, ticket, share) = (&kept["generation"], &kept["ticket"], &kept["share"]);
    let body = serde_json::json!({"generation": generation, "ticket": ticket, "share": share,
        "message": STANDARD.encode(message)});
    let ask = Ask {
        method: "POST".parse().expect("a method"),
        path: format!("/v1/sets/{SET}/items/{}/open", ITEMS[0]),
        key: None,
        body: Some(Ask::json(&body).expect("JSON")),
    };
    let hubs = vec![api.to_owned()];
    let credentials = credentials(host);
    let answer = wait(async {
        let source = OsRandom::shared();
        let hub = Connection::new(&credentials, hubs, &[Role::Hub], None, source);
        hub.expect("TLS").ask(&ask).await.expect("an answer")
    });
    let answer: Value = serde_json::from_slice(answer.body.as_slice()).expect("JSON");
    let message = STANDARD.decode(answer["message"].as_str().expect("text"));
    // Behind version, kind and scheme.
    message.expect("base64")[3..].to_vec()
}

/// The vault's shares in clear, of both items: it has the private key where they are not.
fn shares<G: Group>(vault: &Stored<G>) -> Vec<G::Element> {
    match &vault.private {
        Some(private) if !vault.ciphertexts.is_empty() => vault
            .ciphertexts
            .iter()
            .filter_map(|share| G::decrypt(private, share))
            .collect(),
        _ => {
            let shares = &vault.elements[vault.elements.len() - ITEMS.len()..];
            shares.iter().map(copy::<G>).collect()
        }
    }
}

/// Each row of the table; gives both K_s, by what opens the set.
fn judged<G: Group>(label: &str, parties: &Parties<G>, keys: &[Vec<u8>; 2]) -> [G::Element; 2] {
    let (appliance, vault) = (&parties.appliance, &parties.vault);
    let agents: Vec<&Stored<G>> = parties.agents.iter().collect();
    let everybody = products::<G>(&[&[appliance, vault], &agents[..]].concat(), None);
    let opens = |products: &[G::Element], at: usize| key_of::<G>(products, ITEMS[at], &keys[at]);
    let found = [0, 1].map(|at| {
        opens(&everybody, at).unwrap_or_else(|| panic!("{label}: everybody opens the set"))
    });
    let master = G::quotient(&shares(vault)[0], &found[0]);
    let captured = products::<G>(&[vault], Some(&found[0]));
    let other = opens(&captured, 1);
    assert!(
        other.is_some(),
        "{label}: the vault and one K_s open the set"
    );
    let mut safe: Vec<Vec<&Stored<G>>> = vec![vec![vault], vec![appliance]];
    if !agents.is_empty() {
        safe.push([&[vault], &agents[..]].concat());
        safe.push([&[appliance], &agents[..]].concat());
        for left_out in 0..agents.len() {
            let mut some = agents.clone();
            some.remove(left_out);
            safe.push([&[vault, appliance], &some[..]].concat());
        }
    }
    let master = bytes::<G>(&master);
    for (row, robbed) in safe.iter().enumerate() {
        let made = products::<G>(robbed, None);
        for at in [0, 1] {
            assert!(opens(&made, at).is_none(), "{label}: row {row} is safe");
        }
        assert!(
            made.iter().all(|one| bytes::<G>(one) != master),
            "{label}: row {row}: K_m"
        );
    }
    found
}

#[test]
fn blinded() {
    honest::<P384>(Protocol::Blinded);
    honest::<Ristretto255>(Protocol::Blinded);
}

#[test]
fn homomorphic() {
    honest::<P384>(Protocol::Homomorphic);
    honest::<Ristretto255>(Protocol::Homomorphic);
}

#[test]
fn three_locations() {
    honest::<P384>(Protocol::Three);
    honest::<Ristretto255>(Protocol::Three);
}

#[test]
fn n_locations() {
    honest::<P384>(Protocol::N);
    honest::<Ristretto255>(Protocol::N);
}

#[test]
fn optimised() {
    honest::<P384>(Protocol::Optimised);
    honest::<Ristretto255>(Protocol::Optimised);
}

/// The search finds what is there, in each form and at each place.
#[test]
fn secrets_are_found_where_they_are() {
    let secret: Vec<u8> = (0..32).map(|at| at * 7 + 3).collect();
    let search = Search::new(&[("it", &secret)]);
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(search.find(hex.as_bytes()).is_some());
    for before in 0..4 {
        for after in 0..4 {
            let around = [&vec![0xa5; before][..], &secret, &vec![0x5a; after]].concat();
            assert!(search.find(&around).is_some());
            let text = format!("{{\"message\":\"{}\"}}", STANDARD.encode(&around));
            assert!(search.find(text.as_bytes()).is_some(), "{before} {after}");
        }
    }
    assert!(search.find(&[0; 4096]).is_none());
}
