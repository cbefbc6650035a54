//! `photonbox keybox orbit`: every engine gives the orbits of `tests/vectors/keybox.json`.

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

#[test]
fn keys_that_are_not_keys_are_refused_in_one_line() {
    let quarter = format!("25{}", "0".repeat(62));
    let (short, long) = ("7".repeat(63), "7".repeat(65));
    let letters = format!("x{}", "7".repeat(63));
    for (key, why, help) in [
        ("12", "2 characters", "64 decimal digits"),
        (&short, "63 characters", "64 decimal digits"),
        (&long, "65 characters", "64 decimal digits"),
        (&letters, "not all of them digits", "64 decimal digits"),
        (&quarter, "weak", "draw another"),
    ] {
        let line = process::refusal(
            &["keybox", "orbit", "--ip-key", key, "--engine", "reference"],
            1,
        );
        let (what, to_do) = line.split_once(" / help: ").expect("what to do");
        assert!(what.contains(why) && to_do.contains(help), "{line}");
    }
    let key = "7".repeat(64);
    for (flag, value, why) in [
        ("--s", "0", "s = 0"),
        ("--s", "9", "s = 9"),
        ("--boxes", "65536", "I = 65536"),
        ("--boxes", "2049", "I = 2049, J = 512"),
        ("--at", "201,1", "box 201"),
    ] {
        let line = process::refusal(&["keybox", "orbit", "--ip-key", &key, flag, value], 2);
        let (what, to_do) = line.split_once(" / help: ").expect("what to do");
        assert!(what.contains(why) && to_do.starts_with("use "), "{line}");
    }
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
