//! Vectors, a parity fault, and how long a block takes.

use super::{Ports, ToeplitzBench, design};
use photonbox_cosim::{Library, Options, Simulation};
use photonbox_regmap::extractor;
use serde_json::Value;

/// A write to an EXTRACTOR register, six cycles long.
fn write_register(rtl: &mut Simulation, ports: Ports, register: u32, value: u32) {
    rtl.set(ports.csr_block, 1);
    rtl.set(ports.csr_register, u64::from(register / 4));
    rtl.set(ports.csr_data, u64::from(value));
    for cycle in 0..6 {
        rtl.set(ports.csr_write, u64::from(cycle == 2));
        rtl.clock();
    }
}

/// A seed word with wrong parity spoils each block made with it, and nothing of such a block leaves.
#[test]
fn parity_error_spoils_the_block() {
    let library = photonbox_cosim::build::<ToeplitzBench>().unwrap();
    let mut rtl = library.simulation();
    let ports = Ports::new(&rtl);
    rtl.set(ports.in_quiet, 1);
    write_register(&mut rtl, ports, extractor::N, 96);
    write_register(&mut rtl, ports, extractor::M, 128);
    for faulty in [true, false] {
        for word in 0..7 {
            rtl.set(ports.seed_fault, u64::from(faulty && word == 3));
            write_register(&mut rtl, ports, extractor::SEED_DATA, 0x1234_5678 + word);
        }
        rtl.set(ports.seed_fault, 0);
        write_register(&mut rtl, ports, extractor::SEED_COMMIT, 1);
        rtl.set(ports.in_valid, 1);
        rtl.set(ports.in_bits, 0xa5);
        rtl.set(ports.in_count, 8);
        rtl.set(ports.out_ready, 1);
        let (mut alarms, mut beats) = (0, 0);
        for _ in 0..500 {
            rtl.settle();
            alarms += u32::from(rtl.is(ports.parity_error));
            if rtl.is(ports.out_valid) {
                beats += 1;
                assert_eq!(rtl.is(ports.out_error), faulty);
                assert_eq!(rtl.get(ports.out_data) == 0, faulty);
            }
            if rtl.is(ports.made) {
                break;
            }
            rtl.clock();
        }
        rtl.set(ports.in_valid, 0);
        rtl.clock();
        assert_eq!((alarms, beats), (u32::from(faulty), 2));
    }
}

/// Cycles from one block to the next: chunks, window, beats.
#[test]
fn cycles_of_a_block() {
    let library = photonbox_cosim::build::<ToeplitzBench>().unwrap();
    let mut rtl = library.simulation();
    let ports = Ports::new(&rtl);
    rtl.set(ports.in_quiet, 1);
    write_register(&mut rtl, ports, extractor::N, 1024);
    write_register(&mut rtl, ports, extractor::M, 384);
    for word in 0..44 {
        write_register(&mut rtl, ports, extractor::SEED_DATA, word);
    }
    write_register(&mut rtl, ports, extractor::SEED_COMMIT, 1);
    rtl.set(ports.in_valid, 1);
    rtl.set(ports.in_count, 8);
    rtl.set(ports.out_ready, 1);
    rtl.run(1000, &[ports.made]);
    // n / 8 chunks, ceil((m - 1) / 8) + 4 to load, 4 to prepare, 2 to settle, m / 64 beats and two more.
    assert_eq!(rtl.run(1000, &[ports.made]), 128 + 52 + 4 + 1 + 6 + 2);
    if std::env::var_os("PHOTONBOX_MEASURE").is_some() {
        let start = std::time::Instant::now();
        rtl.run(2_000_000, &[]);
        println!(
            "busy: {:.2} M cycles/s",
            2.0 / start.elapsed().as_secs_f64()
        );
        rtl.set(ports.in_valid, 0);
        let start = std::time::Instant::now();
        rtl.run(2_000_000, &[]);
        println!(
            "idle: {:.2} M cycles/s",
            2.0 / start.elapsed().as_secs_f64()
        );
    }
}

/// Loads a seed and passes blocks through an extractor of `W` bits a cycle; gives back the output bits of each.
fn extract<const W: usize, const M: usize>(
    library: &Library,
    (n, m): (u32, u32),
    seed: &[u32],
    inputs: &[Vec<bool>],
) -> Vec<Vec<bool>> {
    let mut rtl = library.simulation();
    let ports = Ports::new(&rtl);
    rtl.set(ports.in_quiet, 1);
    write_register(&mut rtl, ports, extractor::N, n);
    write_register(&mut rtl, ports, extractor::M, m);
    for &word in seed {
        write_register(&mut rtl, ports, extractor::SEED_DATA, word);
    }
    write_register(&mut rtl, ports, extractor::SEED_COMMIT, 1);
    assert!(rtl.is(ports.seeded));
    rtl.set(ports.out_ready, 1);
    let mut blocks = Vec::new();
    for input in inputs {
        let mut chunks = input.chunks(W);
        let mut chunk = chunks.next();
        let mut block = Vec::new();
        for _ in 0..10_000 {
            let bits = chunk.unwrap_or(&[]);
            let value = bits
                .iter()
                .rev()
                .fold(0, |word, bit| word << 1 | u64::from(*bit));
            rtl.set(ports.in_valid, u64::from(chunk.is_some()));
            rtl.set(ports.in_bits, value);
            rtl.set(ports.in_count, bits.len() as u64);
            rtl.settle();
            if chunk.is_some() && rtl.is(ports.in_ready) {
                chunk = chunks.next();
            }
            let beat = rtl.get(ports.out_data);
            let (valid, last) = (rtl.is(ports.out_valid), rtl.is(ports.out_last));
            rtl.clock();
            if valid {
                block.extend((0..64).map(|k| beat >> k & 1 == 1));
            }
            if valid && last {
                break;
            }
        }
        assert_eq!(block.len(), (m as usize).next_multiple_of(64));
        assert!(block[m as usize..].iter().all(|bit| !bit), "padding");
        block.truncate(m as usize);
        blocks.push(block);
    }
    blocks
}

fn vectors<const W: usize>() {
    let library = Library::build(design::<W, 1024>().unwrap(), Options::default()).unwrap();
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/toeplitz.json"
    );
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let bits = |value: &Value| -> Vec<bool> {
        value.as_str().unwrap().chars().map(|c| c == '1').collect()
    };
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 5);
    for case in cases {
        let shape = (
            case["n"].as_u64().unwrap() as u32,
            case["m"].as_u64().unwrap() as u32,
        );
        let seed: Vec<u32> = bits(&case["seed"])
            .chunks(32)
            .map(|chunk| {
                chunk
                    .iter()
                    .rev()
                    .fold(0, |word, bit| word << 1 | u32::from(*bit))
            })
            .collect();
        let inputs: Vec<Vec<bool>> = case["input"].as_array().unwrap().iter().map(bits).collect();
        let outputs: Vec<Vec<bool>> = case["output"]
            .as_array()
            .unwrap()
            .iter()
            .map(bits)
            .collect();
        assert_eq!(
            extract::<W, 1024>(&library, shape, &seed, &inputs),
            outputs,
            "{shape:?}"
        );
    }
}

#[test]
fn vectors_by_8_bits() {
    vectors::<8>();
}

#[test]
fn vectors_by_64_bits() {
    vectors::<64>();
}
