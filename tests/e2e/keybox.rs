//! `photonbox keybox`: every engine gives the orbits of `tests/vectors/keybox.json`; new keys; the audit; what is refused.

use crate::process;
use serde_json::Value;

fn cases() -> Vec<Value> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/keybox.json"
    );
    let text = std::fs::read_to_string(path).expect("the vectors");
    let all: Value = serde_json::from_str(&text).expect("JSON");
    all["cases"].as_array().expect("cases").clone()
}

fn orbit(case: &Value, more: &[&str]) -> Value {
    let text = |key: &str| {
        case[key]
            .as_str()
            .map_or_else(|| case[key].to_string(), str::to_owned)
    };
    let (ip_key, s, boxes, keys) = (text("ip_key"), text("s"), text("I"), text("J"));
    let mut arguments = vec![
        "keybox", "orbit", "--ip-key", &ip_key, "--s", &s, "--boxes", &boxes, "--keys", &keys,
        "--json",
    ];
    arguments.extend(more);
    process::json(&arguments)
}

#[test]
fn every_engine_gives_the_orbits_of_the_vectors() {
    let mut engines = vec![
        vec!["--engine", "reference"],
        vec!["--engine", "cpu"],
        vec!["--engine", "card"],
        vec!["--engine", "card", "--build", "wide"],
    ];
    if cfg!(feature = "verilated") {
        engines.push(vec!["--engine", "card", "--card", "rtl"]);
    }
    for case in cases() {
        let keys = case["I"].as_u64().expect("I") * case["J"].as_u64().expect("J");
        for engine in &engines {
            // The long orbit takes the verilated card minutes; its engine alone runs it in `make cosim-long`.
            if keys > 10_000 && engine.contains(&"rtl") {
                continue;
            }
            let said = orbit(&case, engine);
            assert_eq!(said["keys"], keys, "{engine:?}");
            assert_eq!(
                said["sha256_of_all_session_keys_le32"], case["sha256_of_all_session_keys_le32"],
                "{engine:?}"
            );
        }
    }
}

#[test]
fn a_point_has_its_session_key_and_its_derived_key() {
    let case = &cases()[0];
    let points = case["points"].as_array().expect("points");
    for point in points.iter().take(2) {
        let at = format!("{},{}", point["i"], point["j"]);
        for engine in ["reference", "cpu", "card"] {
            let said = orbit(case, &["--engine", engine, "--at", &at]);
            for key in ["n", "i", "j", "x", "session_key", "key"] {
                assert_eq!(said[key], point[key], "{engine} {key}");
            }
        }
    }
}

/// What a refusal says failed, without its advice.
fn failed(line: &str) -> &str {
    line.split_once(" / help: ").expect("what to do").0
}

#[test]
fn what_is_no_key_or_out_of_range_is_refused_in_one_line() {
    let good = "2718281828459045235360287471352662497757247093699959574966967627";
    let with = |head: &str| format!("{head}{}", "0".repeat(64 - head.len()));
    let keys = [
        (String::new(), "0 characters"),
        ("12".to_owned(), "2 characters"),
        (good[1..].to_owned(), "63 characters"),
        (format!("{good}1"), "65 characters"),
        (format!("{good}00"), "does not fit its check digits"),
        (good.replace('8', "x"), "not all of them digits"),
        (good.replace('8', "８"), "not all of them digits"),
        (with("0"), "weak"),
        (with("25"), "weak"),
        (with("5"), "weak"),
        (with("75"), "weak"),
    ];
    for command in ["orbit", "audit"] {
        for (key, why) in &keys {
            let line = process::refusal(&["keybox", command, "--ip-key", key], 1);
            assert!(failed(&line).contains(why), "{line}");
            assert!(key.len() < 60 || !line.contains(key.as_str()), "{line}");
        }
        for (range, why) in [
            (&["--s", "0"][..], "s = 0"),
            (&["--s", "9"], "s = 9"),
            (&["--boxes", "0"], "I = 0"),
            (&["--keys", "0"], "J = 0"),
            (&["--boxes", "65536", "--keys", "1"], "I = 65536, J = 1"),
            (&["--boxes", "1", "--keys", "65536"], "I = 1, J = 65536"),
            (&["--boxes", "1025", "--keys", "1024"], "I = 1025, J = 1024"),
            (&["--boxes", "4294967295", "--keys", "2"], "I = 4294967295"),
        ] {
            let start = ["keybox", command, "--ip-key", good];
            let line = process::refusal(&[&start[..], range].concat(), 2);
            assert!(failed(&line).contains(why), "{line}");
            assert!(line.contains("help: use s from 1 to 8"), "{line}");
        }
    }
    let at = |place: &'static str| ["keybox", "orbit", "--ip-key", good, "--at", place];
    for place in ["0,1", "1,0", "201,1", "1,513"] {
        let line = process::refusal(&at(place), 2);
        assert!(line.contains("help: use boxes 1 to 200"), "{line}");
    }
    let line = process::refusal(&["keybox", "orbit"], 2);
    assert!(failed(&line).contains("there is no IP key"), "{line}");
    let missing = ["keybox", "audit", "--ip-key-file", "/nowhere"];
    assert!(process::refusal(&missing, 1).contains("/nowhere"));
    let few = ["keybox", "audit", "--boxes", "3", "--keys", "333"];
    assert!(process::refusal(&few, 2).contains("999 keys are too few"));
    let folder = ["keybox", "audit", "--plots", "/dev/null/plots"];
    assert!(process::refusal(&folder, 1).contains("/dev/null/plots"));
}

#[test]
fn the_audit_finds_what_a_raw_key_gives_away_and_not_the_derived_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    let pictures = folder.path().join("new/pictures");
    let ip_key = "2718281828459045235360287471352662497757247093699959574966967627";
    let arguments = [
        "keybox",
        "audit",
        "--quick",
        "--ip-key",
        ip_key,
        "--plots",
        process::arg(&pictures),
        "--json",
    ];
    let said = process::json(&arguments);
    assert!(said["drawn_ip_key"].is_null());

    let attack = &said["attack"];
    let forwards = attack["forwards"].as_array().expect("rows");
    assert_eq!(forwards.len(), 8);
    for (row, s) in forwards.iter().zip(1_u32..) {
        assert_eq!(
            (&row["s"], &row["trials"]),
            (&s.into(), &10_u64.pow(s).into())
        );
        let measured = row["measured"].as_bool().expect("a flag");
        assert!(measured || s > 4, "{row}");
        assert_eq!(row["left"].as_u64(), measured.then_some(1), "{row}");
    }
    assert_eq!(attack["later_keys"], 102_399);
    assert_eq!(attack["later_keys_recovered"], 102_399);
    assert_eq!(attack["completions_of_derived_keys"], 0);
    assert_eq!(attack["twin_has_the_same_keys"], true);
    for (key, value) in [("done", true), ("found_ip_key", true), ("found_twin", true)] {
        assert_eq!(attack["back"][key], value, "{key}");
    }

    let number = |value: &Value| value.as_f64().expect("a number");
    let cycles = &said["cycles"];
    assert_eq!(cycles["digits"], 68);
    for row in cycles["rows"].as_array().expect("rows") {
        // A random map would repeat later.
        let lambda = number(&row["lambda"]);
        assert!((1.5..8.0).contains(&lambda), "{row}");
    }
    assert!((-60.0..-50.0).contains(&number(&cycles["chance_log10"])));
    for row in said["losses"]["rows"].as_array().expect("rows") {
        let share = number(&row["left"]) / number(&row["predicted"]);
        assert!((0.75..1.35).contains(&share), "{row}");
    }
    assert!((number(&said["losses"]["orbit_bits"]) - 211.6).abs() < 0.01);
    assert_eq!(said["bits"]["raw_never_set"], 43);
    assert_eq!(said["bits"]["derived_never_set"], 0);

    // The same IP key gives the same figures, so these are no matter of chance.
    let tests = &said["tests"];
    let groups = tests["groups"].as_array().expect("groups");
    let counted: u64 = groups
        .iter()
        .map(|group| group["tests"].as_u64().expect("a number"))
        .sum();
    assert_eq!(tests["tests"], counted);
    assert_eq!(counted, 948);
    let least = |name: &str| {
        let group = groups.iter().find(|group| group["name"] == name);
        let group = group.unwrap_or_else(|| panic!("no group {name}"));
        (number(&group["least_p"]), group["least_p_at"].clone())
    };
    let successive = least("the same kept digit of successive keys, independence");
    assert!(successive.0 < 1e-20 && successive.1 == 5, "{successive:?}");
    assert!(least("kept digits, equal shares").0 > 1e-4);
    for name in [
        "bits of K(i, j), equal shares",
        "bytes of K(i, j), equal shares",
    ] {
        assert!(least(name).0 > 1e-5, "{name}");
    }

    let paths: Vec<&str> = said["plots"]
        .as_array()
        .expect("paths")
        .iter()
        .map(|path| path.as_str().expect("a path"))
        .collect();
    assert_eq!(paths.len(), 4);
    for path in paths {
        let svg = std::fs::read_to_string(path).expect("a picture");
        assert!(
            svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"),
            "{path}"
        );
    }
}

#[test]
fn an_audit_without_a_key_draws_one_and_can_be_repeated() {
    let small = ["--quick", "--boxes", "2", "--keys", "500"];
    let text = process::text(&[&["keybox", "audit"][..], &small].concat());
    let digits = text
        .lines()
        .find_map(|line| line.split_once("used nowhere else: "))
        .expect("the drawn key")
        .1;
    assert_eq!(digits.len(), 64);
    for words in [
        "999 of 999 later session keys",
        "All tests that were made",
        "What follows",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    let repeat = ["keybox", "audit", "--ip-key", digits];
    let again = process::text(&[&repeat[..], &small].concat());
    // Times differ; all else of the sections is the same.
    let from = |text: &str| text[text.find("4. Digits").expect("a section")..].to_owned();
    assert_eq!(from(&text), from(&again));
}

#[test]
fn a_new_ip_key_is_read_back_and_a_typing_error_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let (first, second) = (
        process::json(&["keybox", "new", "--json"]),
        process::json(&["keybox", "new", "--json"]),
    );
    assert_ne!(first["ip_key"], second["ip_key"]);
    for key in [&first, &second] {
        let length = |name: &str| key[name].as_str().map(str::len);
        assert_eq!(
            (length("ip_key"), length("check_digits")),
            (Some(64), Some(2))
        );
    }

    let path = folder.path().join("key");
    let file = process::arg(&path);
    let said = process::json(&["keybox", "new", "--out", file, "--json"]);
    assert!(said["ip_key"].is_null() && said["file"] == file, "{said}");
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(&path).expect("a file").permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(&path).expect("text");
    assert_eq!(
        text.trim_end().split(' ').map(str::len).collect::<Vec<_>>(),
        [6; 11]
    );
    // Never written over.
    let again = process::run(&["keybox", "new", "--out", file]);
    assert_eq!(again.status.code(), Some(1));
    let error = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(error.contains("never written over"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).expect("text"), text);

    let small = ["--boxes", "1", "--keys", "3", "--json"];
    let orbit = |key: &[&str]| {
        let start = ["keybox", "orbit"];
        process::run(&[&start[..], key, &small[..]].concat())
    };
    let digits: String = text.chars().filter(char::is_ascii_digit).take(64).collect();
    let (by_file, by_digits) = (
        orbit(&["--ip-key-file", file]),
        orbit(&["--ip-key", &digits]),
    );
    assert!(by_file.status.success());
    assert_eq!(by_file.stdout, by_digits.stdout);

    let mistyped = if text.starts_with('9') {
        text.replacen('9', "8", 1)
    } else {
        format!("9{}", &text[1..])
    };
    std::fs::write(&path, mistyped).expect("written");
    let refused = orbit(&["--ip-key-file", file]);
    assert_eq!(refused.status.code(), Some(1));
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(error.contains("does not fit its check digits"), "{error}");
}
