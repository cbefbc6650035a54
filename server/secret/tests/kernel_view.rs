//! What the kernel says about secret memory: /proc/self/smaps, not our own bookkeeping.
//!
//! Shows T13 (`docs/threat-model.md`).

use photonbox_secret::{SecretBytes, lock_state};

/// One mapping of the process: range, permissions, flags.
struct Area {
    start: usize,
    end: usize,
    permissions: String,
    flags: Vec<String>,
}

fn areas() -> Vec<Area> {
    let text = std::fs::read_to_string("/proc/self/smaps").expect("this test runs on Linux");
    let mut areas: Vec<Area> = Vec::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let first = words.next().unwrap_or_default();
        if let Some((start, end)) = first.split_once('-') {
            let number = |hex| usize::from_str_radix(hex, 16).ok();
            if let (Some(start), Some(end)) = (number(start), number(end)) {
                let permissions = words.next().unwrap_or_default().to_owned();
                areas.push(Area {
                    start,
                    end,
                    permissions,
                    flags: Vec::new(),
                });
            }
        } else if first == "VmFlags:" {
            areas.last_mut().expect("flags follow a range").flags =
                words.map(str::to_owned).collect();
        }
    }
    areas
}

#[test]
fn pages_are_hidden_locked_and_guarded() {
    for len in [32, 5_000, 200_000] {
        let secret = SecretBytes::from_slice(&vec![1; len]);
        let at = secret.as_slice().as_ptr() as usize;
        let areas = areas();
        let area = areas
            .iter()
            .find(|area| area.start <= at && at < area.end)
            .expect("it is mapped");
        assert!(area.end - at >= len);
        assert!(area.permissions.starts_with("rw-p"), "{}", area.permissions);
        assert!(
            area.flags.iter().any(|flag| flag == "dd"),
            "not left out of dumps: {:?}",
            area.flags
        );
        let locked = area.flags.iter().any(|flag| flag == "lo");
        // Where this machine refuses to lock (a small RLIMIT_MEMLOCK), that must be said.
        assert!(
            locked || !lock_state().all_locked(),
            "neither locked nor reported"
        );
        for edge in [area.start - 1, area.end] {
            let guard = areas
                .iter()
                .find(|area| area.start <= edge && edge < area.end);
            let guard = guard.expect("a guard page stands on each side");
            assert!(
                guard.permissions.starts_with("---p"),
                "{}",
                guard.permissions
            );
        }
    }
}

#[test]
fn the_state_counts_what_is_in_use() {
    let before = lock_state();
    let secret = SecretBytes::new_zeroed(1 << 20);
    let during = lock_state();
    let total = |state: &photonbox_secret::LockState| state.locked_bytes + state.unlocked_bytes;
    assert!(total(&during) >= total(&before).min(1 << 20));
    assert!(total(&during) >= 1 << 20);
    assert!(during.all_locked() || during.last_error.is_some());
    drop(secret);
}
