//! The seeds of the fuzz targets `vault_messages`, `vault_tickets` and `sealed_header`: what the vault itself writes, one of each form,
//! so that fuzzing begins behind lengths and magic. `PHOTONBOX_WRITE_VECTORS=1 cargo test -p photonbox-vault --test seeds` writes
//! them anew.
#![allow(clippy::unwrap_used)] // an unexpected error must fail the test

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use photonbox_secret::SecretArray;
use photonbox_vault::api;
use photonbox_vault::group::{Group, P384, Paillier3072, Purpose, Ristretto255, Scheme};
use photonbox_vault::item::{self, ItemName};
use photonbox_vault::kept::{self, ShareKey};
use photonbox_vault::note;
use photonbox_vault::protocol::{HiddenShare, Kind, agents, blinded, homomorphic, optimised};
use photonbox_vault::sealed::{Header, SALT, seal_file};
use photonbox_vault::ticket::{self, Claim, TicketKey};
use photonbox_vault::voucher::{KEY_HASH, Letter, NONCE, Request, Signed, Voucher};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

type Seeds = BTreeMap<String, Vec<u8>>;

fn messages<G: Group>(seeds: &mut Seeds) {
    let random = &mut ChaCha20Rng::seed_from_u64(1);
    let mut put = |what: &str, bytes: &[u8]| {
        seeds.insert(format!("{}-{what}", G::SCHEME), bytes.to_vec());
    };
    let (private, public) = G::key_pair(random).unwrap();
    put("public-key", &G::encode_public_key(&public));
    put("private-key", G::encode_private_key(&private).as_slice());
    for purpose in [Purpose::Key, Purpose::Blinding, Purpose::Transfer] {
        let element = G::random(purpose, random).unwrap();
        put(
            &format!("element-{purpose:?}"),
            G::encode(&element).as_slice(),
        );
    }
    let (_, created) = blinded::Appliance::<G>::draw(random)
        .unwrap()
        .create(random)
        .unwrap();
    put("blinded-create", created.to_bytes().as_slice());
    let appliance = agents::Appliance::<G>::draw(public.clone(), random).unwrap();
    let (_, created) = appliance.create(random).unwrap();
    put("agents-create", &created.to_bytes());
    let share = HiddenShare::of_message(created);
    put("share", &G::encode_ciphertext(share.ciphertext()));
    put("agents-ask", &share.to_message(Kind::AgentsAsk).to_bytes());
    let asked = share.to_message(Kind::AgentsAsk);
    let vault = agents::Vault::<G>::new(
        G::decode_private_key(G::encode_private_key(&private).as_slice()).unwrap(),
    );
    put(
        "agents-serve",
        vault.serve(&asked).unwrap().to_bytes().as_slice(),
    );
    let part = homomorphic::Vault::<G>::new(private).part(random).unwrap();
    put("master-part", &part.to_bytes());
    let (appliance, conceal) = optimised::Appliance::draw(&public, &part, random).unwrap();
    put("optimised-set-up", &conceal.to_bytes());
    let created = appliance.create(random).unwrap();
    put("optimised-create", created.to_bytes().as_slice());
}

fn tickets() -> Seeds {
    let random = &mut ChaCha20Rng::seed_from_u64(2);
    let mut seeds = Seeds::new();
    // Under keys that the target has not: there, nothing that was not made opens.
    let name = ItemName {
        scheme: Scheme::P384,
        set: "tenant".into(),
        generation: 1,
        item: "disk".into(),
    };
    let element = P384::random(Purpose::Key, random).unwrap();
    let share = ShareKey::new(1, &SecretArray::from_array([1; kept::KEY]));
    let share = share.seal(&name, &P384::encode(&element), random).unwrap();
    let claim = Claim {
        set: "tenant",
        generation: 1,
        appliance: "appliance",
        item: "disk",
        scheme: Scheme::P384,
        share: &share,
    };
    let key = TicketKey::new(1, SecretArray::from_array([1; ticket::KEY]));
    let ticket = key.issue(&claim, 1000);
    let wrapped = item::wrap(&SecretArray::from_array([1; 32]), &name, b"own key", random).unwrap();
    let (_, hpke_key) = note::key_pair(random).unwrap();
    let about = note::About {
        purpose: note::Purpose::Transfer,
        set: "tenant",
        generation: 1,
        from: "alpha",
        to: "beta",
        nonce: b"number",
    };
    let transfer = P384::encode(&element);
    let transfer = note::seal(&hpke_key, &about, &transfer, random).unwrap();
    let sign = |_: &[u8]| Ok::<_, std::convert::Infallible>(vec![9; 96]);
    let request = Request {
        set: "tenant".into(),
        newcomer: "beta".into(),
        hpke_key,
    };
    let request = Signed::sign(request, b"certificate", sign).unwrap();
    let voucher = Voucher {
        set: "tenant".into(),
        generation: 1,
        newcomer: "beta".into(),
        hpke_key_hash: [3; KEY_HASH],
        voucher: "alpha".into(),
        nonce: [4; NONCE],
        expires: 1000,
    };
    let voucher = Signed::sign(voucher, b"certificate", sign).unwrap();
    for (name, bytes) in [
        ("ticket-and-share", [&ticket[..], &share].concat()),
        ("share", share.clone()),
        ("wrapped", wrapped.clone()),
        ("hpke-key", hpke_key.to_vec()),
        ("note", transfer.clone()),
        ("request", request.to_bytes()),
        ("voucher", voucher.to_bytes()),
    ] {
        seeds.insert(name.to_owned(), bytes);
    }
    let letter = Signed::sign(Letter { voucher, transfer }, b"certificate", sign);
    seeds.insert("letter".to_owned(), letter.unwrap().to_bytes());
    bodies(&mut seeds, &ticket, &share, &wrapped);
    seeds
}

/// One of each body that has members of its own.
fn bodies(seeds: &mut Seeds, ticket: &[u8], share: &[u8], wrapped: &[u8]) {
    let bytes = |bytes: &[u8]| api::Bytes::new(bytes);
    let mut put = |name: &str, text: serde_json::Result<Vec<u8>>| {
        seeds.insert(format!("{name}.json"), text.unwrap());
    };
    let item = api::Item {
        item: "disk".into(),
        generation: 1,
        share_generation: 1,
        appliance: "appliance".into(),
        imported: true,
        user_blinded: false,
        created: 1,
    };
    let agent = api::Agent {
        host: "agent".into(),
        address: "127.0.0.1:4502".into(),
    };
    let create = api::CreateSet {
        set: "tenant".into(),
        scheme: "p384".into(),
        protocol: Some(api::Protocol::Three),
        agents: vec![agent],
        appliances_keep_shares: true,
        hpke_key: bytes(&[4; 97]),
    };
    put("create-set", serde_json::to_vec(&create));
    let message = bytes(&[1, 1, 1]);
    let create = api::CreateItem {
        item: "disk".into(),
        message: message.clone(),
        user_blinded: false,
    };
    put("create-item", serde_json::to_vec(&create));
    let made = api::ItemTicket {
        item: item.clone(),
        ticket: bytes(ticket),
        ticket_expires: Some(1000),
        share: Some(bytes(share)),
        message: Some(message.clone()),
    };
    put("item-ticket", serde_json::to_vec(&made));
    let open = api::OpenItem {
        generation: 1,
        ticket: bytes(ticket),
        share: Some(bytes(share)),
        message: Some(message.clone()),
    };
    put("open-item", serde_json::to_vec(&open));
    let opened = api::Opened {
        message: message.clone(),
        wrapped: Some(bytes(wrapped)),
    };
    put("opened", serde_json::to_vec(&opened));
    let page = api::Page {
        entries: vec![item],
        next: Some("disk".into()),
    };
    put("page", serde_json::to_vec(&page));
    let turn = api::AgentTurn {
        set: "tenant".into(),
        generation: 1,
        appliance: "appliance".into(),
        message,
    };
    put("agent-turn", serde_json::to_vec(&turn));
}

fn sealed() -> Seeds {
    let header = |share: &[u8]| Header {
        scheme: "p384".into(),
        set: "tenant".into(),
        generation: 1,
        item: "disk".into(),
        share: share.to_vec(),
        salt: [3; SALT],
    };
    let file = |share: &[u8], text: &[u8]| {
        let key = SecretArray::from_array([1; 32]);
        let mut out = Vec::new();
        seal_file(&key, &header(share), &mut &text[..], &mut out, |_| {}).unwrap();
        out
    };
    let after = |rest: &[u8]| [&header(b"").to_bytes().unwrap(), rest].concat();
    [
        ("empty", file(b"", b"")),
        ("some-bytes", file(b"", b"What nobody is to read.")),
        ("with-a-share", file(&[5; 300], b"text")),
        // The target's own: a place, a change, how many chunks of 64 KiB, and what follows them.
        (
            "last-of-two-chunks",
            after(&[0, 1, 0, 40, 1, 1, b'e', b'n', b'd']),
        ),
        ("tag-of-the-first", after(&[0, 1, 0, 90, 1, 2])),
        ("header", after(&[0, 0, 0, 20, 1, 0, b'x'])),
    ]
    .map(|(name, bytes)| (name.to_owned(), bytes))
    .into()
}

/// The committed files are these and no others.
fn compare(target: &str, seeds: &Seeds) {
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../tests/vectors", target]
        .iter()
        .collect();
    if std::env::var_os("PHOTONBOX_WRITE_VECTORS").is_some() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for (name, bytes) in seeds {
            fs::write(folder.join(name), bytes).unwrap();
        }
    }
    let found = fs::read_dir(&folder).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        (name, fs::read(entry.path()).unwrap())
    });
    let stale = "PHOTONBOX_WRITE_VECTORS=1 cargo test -p photonbox-vault --test seeds";
    assert!(found.collect::<Seeds>() == *seeds, "stale: {stale}");
}

#[test]
fn seeds_of_messages() {
    let mut seeds = Seeds::new();
    messages::<P384>(&mut seeds);
    messages::<Ristretto255>(&mut seeds);
    messages::<Paillier3072>(&mut seeds);
    compare("vault_messages", &seeds);
}

#[test]
fn seeds_of_tickets() {
    compare("vault_tickets", &tickets());
}

#[test]
fn seeds_of_sealed_files() {
    compare("sealed_header", &sealed());
}
