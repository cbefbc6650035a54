//! Key-box jobs through the driver.

use super::rig::{light, open, seed, settings, sim, sim_of};
use photonbox_driver::{Error, KeyboxJob};
use photonbox_simcard::{Build, Pace};
use sha2::{Digest, Sha256};

/// Digits to a 256-bit little-endian number.
fn decimal(digits: &str, zeros: usize) -> [u8; 32] {
    let mut x = [0_u8; 32];
    for digit in digits.bytes().chain(std::iter::repeat_n(b'0', zeros)) {
        let mut carry = u16::from(digit - b'0');
        for byte in &mut x {
            carry += u16::from(*byte) * 10;
            *byte = carry as u8;
            carry >>= 8;
        }
    }
    x
}

#[test]
fn boxes_of_the_vectors_come_in_order() {
    for build in [Build::Small, Build::Wide] {
        boxes_of_the_vectors_from(build);
    }
}

fn boxes_of_the_vectors_from(build: Build) {
    // In the program, since it may run where the folder isn't.
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../vectors/keybox.json")).expect("JSON");
    let card = open(sim_of(build, light(), Pace::RealTime));
    for case in vectors["cases"].as_array().expect("cases") {
        let number = |key: &str| case[key].as_u64().expect("a number") as u32;
        let job = KeyboxJob {
            s: number("s"),
            boxes: number("I"),
            keys: number("J"),
        };
        if job.boxes * job.keys > 1000 {
            continue;
        }
        let x0 = decimal(case["ip_key"].as_str().expect("digits"), job.s as usize);
        let mut hash = Sha256::new();
        let mut boxes = 0;
        card.keybox(&job, &x0, &mut |number, keys| {
            boxes += 1;
            assert_eq!((number, keys.len()), (boxes, 32 * job.keys as usize));
            hash.update(keys);
        })
        .expect("an orbit");
        assert_eq!(boxes, job.boxes);
        let hex: String = hash
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(case["sha256_of_all_session_keys_le32"], hex.as_str());
    }
}

/// A hub's card: its lanes run, and one job comes after the other.
#[test]
fn jobs_follow_each_other_while_lanes_run() {
    let simulated = sim(light(), Pace::RealTime);
    let card = open(simulated);
    card.configure(&settings(1)).expect("valid");
    card.load_seed(&seed()).expect("a seed");
    card.start().expect("starts");
    let orbit = |boxes, keys| {
        let job = KeyboxJob { s: 4, boxes, keys };
        let mut all = Vec::new();
        card.keybox(&job, &decimal("987654321", 4), &mut |_, keys| {
            all.extend_from_slice(keys);
        })
        .map(|()| all)
    };
    // More boxes than the ring has slots, of sizes that change.
    let whole = orbit(30, 20).expect("the first");
    for (boxes, keys) in [(600, 1), (1, 600), (30, 20), (3, 200)] {
        assert!(
            orbit(boxes, keys).expect("the next") == whole,
            "{boxes} × {keys}"
        );
    }
    let larger = orbit(1, 3000).expect_err("no room in the slots that there are");
    assert!(matches!(larger, Error::Order { .. }), "{larger}");
    assert!(orbit(30, 20).is_ok(), "goes on");
    card.stop().expect("stops");
    assert_eq!(orbit(1, 3000).expect("room").len(), 32 * 3000);
}

#[test]
fn weak_and_impossible_jobs_say_so() {
    let card = open(sim(light(), Pace::RealTime));
    let job = KeyboxJob {
        s: 4,
        boxes: 2,
        keys: 3,
    };
    let run = |job: KeyboxJob, x0: [u8; 32]| {
        card.keybox(&job, &x0, &mut |_, _| panic!("no whole box"))
            .expect_err("refused")
    };
    assert!(matches!(run(job, [0; 32]), Error::KeyboxWeak));
    let quarter = decimal(&format!("{:0<64}", "25"), 4);
    assert!(matches!(run(job, quarter), Error::KeyboxWeak));
    let beyond = decimal("1", 68);
    assert!(matches!(run(job, beyond), Error::KeyboxRefused { .. }));
    for bad in [
        KeyboxJob { s: 0, ..job },
        KeyboxJob { s: 9, ..job },
        KeyboxJob { boxes: 0, ..job },
        KeyboxJob { keys: 0, ..job },
        KeyboxJob {
            keys: 40_000,
            ..job
        },
    ] {
        let error = run(bad, decimal("1234", 4));
        assert!(
            matches!(error, Error::KeyboxRefused { .. }),
            "{bad:?}: {error}"
        );
    }
}
