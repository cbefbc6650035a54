//! Walks `tests/vectors/ptu`: right recordings with what they hold, wrong ones with their error.
//!
//! The files are made by the list below and committed; the walk also says when a file is stale.
//! `PHOTONBOX_WRITE_VECTORS=1 cargo test -p photonbox-simcard --test ptu_vectors` writes them anew.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use photonbox_simcard::ptu::{Capture, Detector::*, RecordType, Writer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/ptu"
    ))
}

/// The seed's own example, photons every 100 ns from 1 µs on: the bits 1101001010.
fn example(layout: RecordType, resolution_s: f64, step: u64) -> Writer {
    let mut w = Writer::new(layout, resolution_s);
    for (i, d) in [A, A, B, A, B, B, A, B, A, B].into_iter().enumerate() {
        w.photon(d, (10 + i as u64) * step);
    }
    w
}

fn hydra() -> Writer {
    example(RecordType::HydraHarpV2, 1e-12, 100_000)
}

/// `bytes` with the 40-byte head of tag `name` (its name, index and type) handed to `change`, and
/// the eight bytes of its value.
fn edit(mut bytes: Vec<u8>, name: &str, change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let at = bytes
        .windows(name.len())
        .position(|w| w == name.as_bytes())
        .unwrap();
    change(&mut bytes[at..at + 48]);
    bytes
}

/// Every file: name, contents, and what is expected of it.
fn vectors() -> Vec<(&'static str, Vec<u8>, Value)> {
    let with = |change: fn(&mut Writer)| {
        let mut w = hydra();
        change(&mut w);
        w.to_bytes()
    };
    let bad = |error: &str, says: &str| json!({"error": error, "says": says});
    let good = |device: &str, resolution: Value, overflows: u64, duration: u64| {
        json!({"bits": "1101001010", "device": device, "resolution_ps": resolution,
               "overflows": overflows, "duration_ps": duration})
    };
    let whole = hydra().to_bytes();
    let header = whole.len() - 40;
    let mut late = Writer::new(RecordType::HydraHarpV2, 1e-12);
    late.photon(A, 5).photon(A, 6).photon(B, 1 << 40);
    late.photon(A, (1 << 40) + 1).photon(B, (1 << 52) + 7);
    for (i, d) in [B, A, B, A, B].into_iter().enumerate() {
        late.photon(d, (1 << 53) + i as u64);
    }
    let mut pico = example(RecordType::PicoHarp, 4e-12, 25_000);
    pico.words.insert(3, 0xF000_0003); // a marker
    pico.words.insert(5, 2 << 28 | 125_001); // channel 2
    let mut multi = example(RecordType::MultiHarp, 5e-12, 20_000);
    multi.words.insert(0, 0x8000_0000 | 7); // the sync input
    multi.words.insert(1, 1 << 31 | 1 << 25); // a marker
    vec![
        (
            "good-hydraharp-v2",
            whole.clone(),
            good("HydraHarp V2", json!(1), 0, 1_900_000),
        ),
        (
            "good-hydraharp-v1-overflows",
            example(RecordType::HydraHarpV1, 1e-12, 34_000_000).to_bytes(),
            good("HydraHarp V1", json!(1), 19, 646_000_000),
        ),
        (
            "good-counted-overflows",
            late.to_bytes(),
            good("HydraHarp V2", json!(1), 10, (1 << 53) + 4),
        ),
        (
            "good-picoharp-marker-and-third-channel",
            pico.to_bytes(),
            good("PicoHarp", json!(4), 0, 1_900_000),
        ),
        (
            "good-multiharp-sync-and-marker",
            multi.to_bytes(),
            good("MultiHarp", json!(5), 0, 1_900_000),
        ),
        (
            "good-timeharp-fractional-resolution",
            example(RecordType::TimeHarp260P, 2.5e-13, 400_000).to_bytes(),
            good("TimeHarp 260 P", json!(0.25), 0, 1_900_000),
        ),
        ("empty", vec![], bad("NotPtu", "not a PTU file")),
        (
            "foreign-text",
            b"time,channel\n1,0\n".to_vec(),
            bad("NotPtu", "not a PTU file"),
        ),
        (
            "foreign-histogram",
            [b"PQHISTO\0".as_slice(), &whole[8..]].concat(),
            bad("NotPtu", "not a PTU file"),
        ),
        (
            "truncated-magic",
            whole[..5].to_vec(),
            bad("TruncatedHeader", "cut off at byte 5"),
        ),
        (
            "truncated-preamble",
            whole[..12].to_vec(),
            bad("TruncatedHeader", "cut off at byte 12"),
        ),
        (
            "truncated-header-in-tag",
            whole[..200].to_vec(),
            bad("TruncatedHeader", "byte 200"),
        ),
        (
            "truncated-header-in-text",
            whole[..70].to_vec(),
            bad("TruncatedHeader", "byte 70"),
        ),
        (
            "truncated-before-first-record",
            whole[..header].to_vec(),
            bad("TruncatedRecords", "10 records declared, 0 whole"),
        ),
        (
            "truncated-between-records",
            whole[..whole.len() - 4].to_vec(),
            bad("TruncatedRecords", "10 records declared, 9 whole"),
        ),
        (
            "truncated-inside-record",
            whole[..whole.len() - 3].to_vec(),
            bad("TruncatedRecords", "10 records declared, 9 whole"),
        ),
        (
            "appended-record",
            [whole.as_slice(), &[0; 4]].concat(),
            bad("RecordCount", "10 declared, 11 there"),
        ),
        (
            "appended-byte",
            [whole.as_slice(), &[0]].concat(),
            bad("RecordCount", "10 declared, 10 there"),
        ),
        (
            "negative-record-count",
            with(|w| w.declared_records = Some(-1)),
            bad("RecordCount", "-1 declared"),
        ),
        (
            "absurd-record-count",
            with(|w| w.declared_records = Some(i64::MAX)),
            bad("TruncatedRecords", "9223372036854775807 records declared"),
        ),
        ("t3-mode", with(|w| w.mode = 3), bad("NotT2", "in T3 mode")),
        (
            "t3-record-type",
            with(|w| w.record_type = 0x0101_0304),
            bad("NotT2", "in T3 mode"),
        ),
        (
            "histogram-mode",
            with(|w| w.mode = 0),
            bad("NotT2", "measurement mode 0"),
        ),
        (
            "unknown-record-type",
            with(|w| w.record_type = 0x0001_0299),
            bad("UnknownRecordType", "0x00010299"),
        ),
        (
            "negative-record-type",
            with(|w| w.record_type = -1),
            bad("UnknownRecordType", "unknown TTTR record type"),
        ),
        (
            "record-width",
            with(|w| w.bits_per_record = 64),
            bad("RecordWidth", "of 64 bits"),
        ),
        (
            "zero-resolution",
            with(|w| w.resolution_s = 0.0),
            bad("Resolution", "is 0 s"),
        ),
        (
            "negative-resolution",
            with(|w| w.resolution_s = -1e-12),
            bad("Resolution", "is -0.000000000001 s"),
        ),
        (
            "nan-resolution",
            with(|w| w.resolution_s = f64::NAN),
            bad("Resolution", "is NaN s"),
        ),
        (
            "infinite-resolution",
            with(|w| w.resolution_s = f64::INFINITY),
            bad("Resolution", "is inf s"),
        ),
        (
            "zero-photons-no-records",
            with(|w| w.words.clear()),
            bad("ZeroPhotons", "none of the 0"),
        ),
        (
            "zero-photons-only-overflows",
            with(|w| w.words = vec![0xFE00_0001; 3]),
            bad("ZeroPhotons", "none of the 3"),
        ),
        (
            "zero-photons-only-other-channels",
            with(|w| w.words = vec![2 << 25 | 1, 3 << 25 | 2]),
            bad("ZeroPhotons", "none of the 2"),
        ),
        (
            "absurd-header-huge-text",
            edit(whole.clone(), "File_Comment", |t| {
                t[40..].copy_from_slice(&i64::MAX.to_le_bytes())
            }),
            bad(
                "AbsurdHeader",
                "\"File_Comment\" at byte 16 declares 9223372036854775807",
            ),
        ),
        (
            "absurd-header-negative-text",
            edit(whole.clone(), "File_Comment", |t| {
                t[40..].copy_from_slice(&(-8i64).to_le_bytes())
            }),
            bad("AbsurdHeader", "declares -8 bytes"),
        ),
        (
            "absurd-header-two-megabytes-of-text",
            edit(whole.clone(), "File_Comment", |t| {
                t[40..].copy_from_slice(&(2i64 << 20).to_le_bytes());
            }),
            bad("AbsurdHeader", "declares 2097152 bytes"),
        ),
        (
            "unknown-tag-type",
            edit(whole.clone(), "File_Comment", |t| {
                t[36..40].copy_from_slice(&[1, 2, 3, 4])
            }),
            bad("UnknownTagType", "unknown type 0x04030201"),
        ),
        (
            "missing-resolution",
            edit(whole.clone(), "MeasDesc_GlobalResolution", |t| t[0] = b'X'),
            bad("MissingTag", "MeasDesc_GlobalResolution"),
        ),
        (
            "missing-record-type",
            edit(whole.clone(), "TTResultFormat_TTTRRecType", |t| t[0] = b'X'),
            bad("MissingTag", "TTResultFormat_TTTRRecType"),
        ),
        (
            "missing-mode",
            edit(whole.clone(), "Measurement_Mode", |t| t[0] = b'X'),
            bad("MissingTag", "Measurement_Mode"),
        ),
        (
            "missing-record-count",
            edit(whole.clone(), "TTResult_NumberOfRecords", |t| t[0] = b'X'),
            bad("MissingTag", "TTResult_NumberOfRecords"),
        ),
        (
            "resolution-of-wrong-type",
            edit(whole.clone(), "MeasDesc_GlobalResolution", |t| {
                t[36..40].copy_from_slice(&0x1000_0008u32.to_le_bytes());
            }),
            bad("MissingTag", "MeasDesc_GlobalResolution"),
        ),
        (
            "header-without-end",
            edit(whole.clone(), "Header_End", |t| t[0] = b'X'),
            // The records are then read as a tag that is cut off.
            bad("TruncatedHeader", "cut off"),
        ),
        (
            "back-in-time",
            with(|w| w.words.swap(2, 3)),
            bad("OutOfOrder", "record 3 goes back"),
        ),
        (
            "more-time-than-fits",
            with(|w| {
                w.resolution_s = 1e-3;
                w.words = vec![0xFFFF_FFFF];
            }),
            bad("TimeOverflow", "2^63 ps"),
        ),
    ]
}

#[test]
fn every_file_gives_what_is_expected_of_it() {
    let made: BTreeMap<String, (Vec<u8>, Value)> = vectors()
        .into_iter()
        .map(|(name, bytes, expected)| (format!("{name}.ptu"), (bytes, expected)))
        .collect();
    let expected_path = folder().join("expected.json");
    if std::env::var_os("PHOTONBOX_WRITE_VECTORS").is_some() {
        std::fs::create_dir_all(folder()).unwrap();
        let mut sidecar = serde_json::Map::new();
        for (name, (bytes, expected)) in &made {
            std::fs::write(folder().join(name), bytes).unwrap();
            sidecar.insert(name.clone(), expected.clone());
        }
        let about = "synthetic recordings made by hdl/simcard/tests/ptu_vectors.rs, named by what is wrong \
                     with them, and what reading each must give";
        let text =
            serde_json::to_string_pretty(&json!({"about": about, "files": sidecar})).unwrap();
        std::fs::write(&expected_path, text + "\n").unwrap();
    }
    let sidecar: Value = serde_json::from_slice(&std::fs::read(&expected_path).unwrap()).unwrap();
    let sidecar = sidecar["files"].as_object().unwrap();

    let mut walked = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "ptu") {
            continue;
        }
        walked += 1;
        let name = path.file_name().unwrap().to_str().unwrap();
        let want = sidecar
            .get(name)
            .unwrap_or_else(|| panic!("{name} is not in expected.json"));
        let (bytes, made_want) = made
            .get(name)
            .unwrap_or_else(|| panic!("{name} is not made here"));
        assert!(
            *bytes == std::fs::read(&path).unwrap() && want == made_want,
            "{name} is stale"
        );
        let got = Capture::open(&path);
        match want["error"].as_str() {
            Some(error) => {
                let e = got.expect_err(name);
                let variant = format!("{e:?}");
                assert!(variant.starts_with(error), "{name}: {variant}");
                let text = e.to_string();
                assert!(
                    text.contains(want["says"].as_str().unwrap()),
                    "{name}: {text}"
                );
                assert!(!text.contains('\n'), "{name}: one line");
                assert!(
                    text.contains(';') || text.contains(','),
                    "{name}: says what to do"
                );
            }
            None => {
                let capture = got.unwrap_or_else(|e| panic!("{name}: {e}"));
                let bits: String = capture
                    .events()
                    .map(|e| if e.detector == A { '1' } else { '0' })
                    .collect();
                assert_eq!(want["bits"], bits, "{name}");
                let info = serde_json::to_value(capture.info()).unwrap();
                let device = want["device"].as_str().unwrap();
                assert!(info["format"].as_str().unwrap().contains(device), "{name}");
                assert_eq!(info["mode"], "T2");
                for key in ["resolution_ps", "overflows", "duration_ps"] {
                    assert_eq!(info[key], want[key], "{name}: {key}");
                }
                assert_eq!(info["detections"], json!({"a": 5, "b": 5}), "{name}");
            }
        }
    }
    assert_eq!(walked, made.len(), "files in the folder");
}

#[test]
fn what_is_not_a_photon_is_counted() {
    let read = |name: &str| {
        Capture::open(folder().join(name))
            .map(|c| (c.info().records, c.info().other_channels, c.info().markers))
            .unwrap()
    };
    assert_eq!(
        read("good-picoharp-marker-and-third-channel.ptu"),
        (12, 1, 1)
    );
    assert_eq!(read("good-multiharp-sync-and-marker.ptu"), (12, 1, 1));
}

#[test]
fn times_are_exact() {
    let capture = Capture::open(folder().join("good-counted-overflows.ptu")).unwrap();
    let times: Vec<u64> = capture.events().map(|e| e.time_ps).take(5).collect();
    assert_eq!(times, [5, 6, 1 << 40, (1 << 40) + 1, (1 << 52) + 7]);
    let quarter = Capture::open(folder().join("good-timeharp-fractional-resolution.ptu")).unwrap();
    assert_eq!(quarter.events().next().unwrap().time_ps, 1_000_000);
}

#[test]
fn overflows_that_wrap_64_bits_are_refused() {
    let mut w = hydra();
    w.resolution_s = 1e-15;
    w.words = vec![0xFFFF_FFFF; 1 << 15];
    let e = Capture::parse(&w.to_bytes()).unwrap_err().to_string();
    assert!(e.contains("record 16384 lies"), "{e}");
}

#[test]
fn early_firmware_overflow_of_zero_counts_as_one() {
    let mut w = hydra();
    w.words.insert(0, 0xFE00_0000);
    let capture = Capture::parse(&w.to_bytes()).unwrap();
    assert_eq!(
        capture.events().next().unwrap().time_ps,
        (1 << 25) + 1_000_000
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let text = Capture::open(folder().join("nowhere.ptu"))
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("nowhere.ptu") && text.contains("check the path"),
        "{text}"
    );
}

#[test]
fn the_recording_is_what_its_notes_say() {
    let Some(path) = std::env::var_os("PHOTONBOX_CAPTURE") else {
        eprintln!("skipped: PHOTONBOX_CAPTURE is not set");
        return;
    };
    let capture = Capture::open(path).unwrap();
    let info = serde_json::to_value(capture.info()).unwrap();
    assert_eq!(info["records"], 409_482);
    assert_eq!(info["overflows"], 25_463);
    assert_eq!(info["detections"], json!({"a": 159_298, "b": 224_721}));
    assert_eq!(info["resolution_ps"], 1);
    assert_eq!(info["mode"], "T2");
    assert!(info["format"].as_str().unwrap().contains("HydraHarp V2"));
    let duration = info["duration_ps"].as_u64().unwrap();
    assert!(
        (999_900_000_000..=1_000_000_000_000).contains(&duration),
        "{duration}"
    );
    assert_eq!(capture.events().count(), 159_298 + 224_721);
}
