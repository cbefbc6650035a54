//! Key boxes for two gateways, over real channels.
//!
//! Shows T22 (`docs/threat-model.md`).

use photonbox_daemon::boxes::{BoxKeys, Client, Event, Place};
use photonbox_daemon::crowd::{Crowd, Member};
use photonbox_daemon::*;
use photonbox_keybox::Parameters;
use serde_json::Value;

use crate::world::*;

async fn next(client: &mut Client) -> Event {
    tokio::time::timeout(PATIENCE, client.next())
        .await
        .expect("in time")
        .unwrap()
}

/// Waits for a box, whatever is said before.
async fn keys(client: &mut Client) -> BoxKeys {
    loop {
        if let Event::Keys(keys) = next(client).await {
            return keys;
        }
    }
}

async fn ready(client: &mut Client) -> Place {
    loop {
        match next(client).await {
            Event::Ready(place) => return place,
            Event::Keys(_) => panic!("a box in place of the word that one is ready"),
            _ => {}
        }
    }
}

/// A box that both gateways get, hold and may use.
async fn shared(a: &mut Client, b: &mut Client) -> BoxKeys {
    let (of_a, of_b) = tokio::join!(keys(a), keys(b));
    assert_eq!(of_a.place, of_b.place);
    assert_eq!(of_a.keys(), of_b.keys());
    assert!(of_a.provenance.simulated && of_b.provenance.simulated);
    a.held(of_a.place).await;
    b.held(of_b.place).await;
    let (first, second) = tokio::join!(ready(a), ready(b));
    assert_eq!((first, second), (of_a.place, of_a.place));
    of_a
}

fn member(crowd: &Crowd, hub: &HubTask, number: usize) -> Member {
    let rekey = RekeyOptions::default();
    crowd.member(number, &hub.address, &rekey).unwrap()
}

struct Scene {
    world: World,
    hub: HubTask,
    crowd: Crowd,
    members: Vec<Member>,
}

impl Scene {
    async fn new(hosts: usize, change: impl FnOnce(&mut ServeOptions)) -> Self {
        let world = World::new();
        let mut options = world.serve_options();
        change(&mut options);
        let hub = hub(options).await;
        let crowd = Crowd::enrol(&world.state("hub"), "g", hosts).unwrap();
        let member = |number| member(&crowd, &hub, number);
        let members = (0..hosts).map(member).collect();
        Self {
            world,
            hub,
            crowd,
            members,
        }
    }

    /// The channel of a gateway ends, as if its process did, and another one begins.
    async fn restart(&mut self, number: usize, mut client: Client) {
        self.members[number] = member(&self.crowd, &self.hub, number);
        while !matches!(next(&mut client).await, Event::Lost) {}
    }

    fn client(&self, number: usize, peer: usize, parameters: Parameters) -> Client {
        self.members[number].boxes(&format!("g-{peer}"), parameters)
    }

    async fn pair(&self) -> Value {
        let status = self.world.ask("hub", ControlCommand::Status).await;
        status["boxes"]["pairs"][0].clone()
    }
}

fn sizes(boxes: u32, keys: u32) -> Parameters {
    Parameters::new(4, boxes, keys).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_gateways_get_box_after_box_and_orbit_after_orbit() {
    let scene = Scene::new(2, |_| ()).await;
    // More keys than go into one message.
    let parameters = sizes(2, 2500);
    let mut a = scene.client(0, 1, parameters);
    let waits = next(&mut a).await;
    assert!(
        matches!(&waits, Event::Waits { text, .. } if text.contains("has not asked")),
        "{waits:?}"
    );
    assert_eq!(scene.pair().await["connected"], serde_json::json!(["g-0"]));
    let mut b = scene.client(1, 0, parameters);
    let mut seen = Vec::new();
    let mut orbits = Vec::new();
    for expected in [2, 1, 2, 1] {
        let keys = shared(&mut a, &mut b).await;
        assert_eq!((keys.place.number, keys.keys().len()), (expected, 2500));
        for key in keys.keys() {
            assert!(!seen.contains(key), "a key twice");
        }
        seen.extend_from_slice(&keys.keys()[..100]);
        let pair = scene.pair().await;
        assert_eq!(
            (&pair["ready"], &pair["box"]),
            (&true.into(), &expected.into())
        );
        assert_eq!(pair["orbit"], format!("{:016x}", keys.place.orbit));
        assert_eq!(pair["label"], "test", "of a seed that was given");
        assert_eq!(pair["engine"], "card", "for one orbit after the other");
        orbits.push(keys.place.orbit);
        b.want_below(keys.place).await;
        a.want_below(keys.place).await;
    }
    assert!(orbits[0] == orbits[1] && orbits[2] == orbits[3] && orbits[0] != orbits[2]);
    // Two IP keys and four R_i, or five with the one that is on its way: all of it is in the ledger.
    let ledger = scene.world.ask("hub", ControlCommand::Ledger).await;
    assert_eq!(ledger["invariant_holds"], true);
    let rows = ledger["deliveries"].as_array().unwrap();
    let bytes = rows.iter().filter(|row| row["host"] == "g-0+g-1");
    let bytes: u64 = bytes.map(|row| row["bytes"].as_u64().unwrap()).sum();
    assert!(bytes >= 6 * 32 && bytes.is_multiple_of(32), "{bytes}");
    assert!(ledger["delivered_full_bits"].as_u64().unwrap() >= 8 * bytes);
    a.close().await;
    b.close().await;
    let status = async || scene.world.ask("hub", ControlCommand::Status).await;
    until("everything is erased", async || {
        let boxes = &status().await["boxes"];
        boxes["pairs"] == serde_json::json!([]) && boxes["memory_bytes"] == 0
    })
    .await;
    scene.hub.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restart_of_gateway_or_hub_no_box_comes_again() {
    let mut scene = Scene::new(3, |_| ()).await;
    let parameters = sizes(4, 8);
    let (mut a, mut b) = (
        scene.client(0, 1, parameters),
        scene.client(1, 0, parameters),
    );
    let first = shared(&mut a, &mut b).await;
    // One gateway restarts with the box in hand, then with one on its way.
    scene.restart(1, b).await;
    let mut b = scene.client(1, 0, parameters);
    let second = shared(&mut a, &mut b).await;
    assert_eq!(second.place.orbit, first.place.orbit);
    assert_eq!((first.place.number, second.place.number), (4, 3));
    a.want_below(second.place).await;
    let of_a = keys(&mut a).await;
    assert_eq!(of_a.place.number, 2);
    scene.restart(1, b).await;
    a.held(of_a.place).await;
    let mut b = scene.client(1, 0, parameters);
    let third = shared(&mut a, &mut b).await;
    assert_eq!(third.place.number, 1);
    // The same gateway twice: the older one is told, and the pair goes on with the newer.
    let mut newer = scene.client(1, 0, parameters);
    let fourth = shared(&mut a, &mut newer).await;
    assert_ne!(fourth.place.orbit, first.place.orbit);
    let gone = tokio::time::timeout(PATIENCE, b.next()).await.unwrap();
    assert!(gone.unwrap_err().to_string().contains("again"));
    drop(b);
    // The hub restarts: nothing of an orbit is left, the gateways ask again by themselves.
    let address = scene.hub.address.clone();
    scene.hub.shutdown.stop();
    scene.hub.task.await.unwrap().unwrap();
    assert!(matches!(
        next(&mut a).await,
        Event::Lost | Event::Waits { .. }
    ));
    let options = ServeOptions {
        listen: address,
        ..scene.world.serve_options()
    };
    scene.hub = hub(options).await;
    let fifth = shared(&mut a, &mut newer).await;
    assert!(![first.place.orbit, fourth.place.orbit].contains(&fifth.place.orbit));
    scene.hub.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_is_refused_in_words() {
    let pairs = vec![["g-0".to_owned(), "g-1".to_owned()]];
    let scene = Scene::new(3, |options| {
        options.boxes.pairs = pairs;
        options.boxes.memory_bytes = 1 << 20;
    })
    .await;
    let refused = async |mut client: Client| {
        let refused = tokio::time::timeout(PATIENCE, client.next()).await.unwrap();
        refused.unwrap_err().to_string()
    };
    let stranger = refused(scene.client(2, 0, sizes(1, 1))).await;
    assert!(stranger.contains("does not allow"), "{stranger}");
    let itself = refused(scene.client(0, 0, sizes(1, 1))).await;
    assert!(itself.contains("does not allow"), "{itself}");
    let large = refused(scene.client(0, 1, sizes(200, 512))).await;
    assert!(large.contains("3276800 bytes is more"), "{large}");
    // Who does not agree waits, and is told why.
    let mut a = scene.client(0, 1, sizes(2, 2));
    assert!(matches!(next(&mut a).await, Event::Waits { .. }));
    let mut b = scene.client(1, 0, sizes(2, 3));
    let waits = next(&mut b).await;
    assert!(
        matches!(&waits, Event::Waits { text, .. } if text.contains("other numbers")),
        "{waits:?}"
    );
    let mut b = scene.client(1, 0, sizes(2, 2));
    shared(&mut a, &mut b).await;
    scene.hub.stop().await;
    let wrong = serve(
        ServeOptions {
            boxes: BoxOptions {
                pairs: vec![["g-0".into(), "g-0".into()]],
                ..BoxOptions::default()
            },
            ..scene.world.serve_options()
        },
        Shutdown::new(),
        |_| (),
    )
    .await
    .unwrap_err();
    assert_eq!(wrong.exit_code(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_greedy_pair_leaves_the_others_their_boxes() {
    let scene = Scene::new(4, |_| ()).await;
    let parameters = sizes(2, 64);
    let (mut a, mut b) = (
        scene.client(0, 1, parameters),
        scene.client(1, 0, parameters),
    );
    let greedy = tokio::spawn(async move {
        let mut boxes = 0;
        loop {
            let keys = shared(&mut a, &mut b).await;
            a.want_below(keys.place).await;
            boxes += 1;
            if boxes == 3 {
                break;
            }
        }
        loop {
            let keys = shared(&mut a, &mut b).await;
            a.want_below(keys.place).await;
        }
    });
    let (mut c, mut d) = (
        scene.client(2, 3, parameters),
        scene.client(3, 2, parameters),
    );
    for _ in 0..5 {
        let keys = shared(&mut c, &mut d).await;
        d.want_below(keys.place).await;
    }
    greedy.abort();
    let ledger = scene.world.ask("hub", ControlCommand::Ledger).await;
    assert_eq!(ledger["invariant_holds"], true);
    scene.hub.stop().await;
}

/// A gateway behind a relay gets none: it does not even ask.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_a_relay_there_are_none() {
    let mut scene = Scene::new(2, |_| ()).await;
    scene.world.enroll(&scene.hub, "relay", true).await;
    let relay = host(JoinOptions {
        sinks: Vec::new(),
        bytes: None,
        relay: Some("127.0.0.1:0".into()),
        ..scene
            .world
            .join_options("relay", &scene.hub.address, Class::Drbg, 16)
    })
    .await;
    let behind = relay.listen.clone().unwrap();
    let rekey = RekeyOptions::default();
    scene.members[0] = scene.crowd.member(0, &behind, &rekey).unwrap();
    let mut client = scene.client(0, 1, sizes(2, 2));
    for _ in 0..2 {
        let waits = next(&mut client).await;
        assert!(
            matches!(&waits, Event::Waits { text, .. } if text.contains("connect the gateway to the hub")),
            "{waits:?}"
        );
    }
    assert_eq!(scene.pair().await, Value::Null);
    relay.stop().await;
    scene.hub.stop().await;
}
