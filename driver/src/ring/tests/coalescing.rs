//! Slots that wait for others.

use super::{Coalescing, Error, Instant, ring_of, take};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(60);

fn after(slots: u32, within: Duration) -> Coalescing {
    Coalescing { slots, within }
}

#[test]
fn as_many_as_asked_for_come_at_once() {
    let (card, _core, mut ring) = ring_of(16);
    ring.coalesce(after(3, LONG));
    for _ in 0..5 {
        for byte in 0..3 {
            assert!(card.complete(&[byte; 8]));
        }
        for byte in 0..3 {
            let slot = ring.wait(LONG).expect("healthy").expect("a slot");
            let mut out = [9; 8];
            slot.copy_to(&mut out).expect("not stale");
            assert_eq!(out, [byte; 8]);
        }
        assert!(ring.poll().expect("healthy").is_none());
    }
}

#[test]
fn fewer_wait_until_their_time_is_over() {
    let (card, _core, mut ring) = ring_of(16);
    ring.coalesce(after(3, SHORT));
    for _ in 0..3 {
        assert!(card.complete(&[1; 8]) && card.complete(&[2; 8]));
        let start = Instant::now();
        assert!(ring.wait(LONG).expect("healthy").is_some());
        assert!(start.elapsed() >= SHORT, "{:?}", start.elapsed());
        // The second waited as long as the first.
        ring.coalescing.within = LONG;
        assert!(ring.wait(LONG).expect("healthy").is_some());
        ring.coalescing.within = SHORT;
        assert!(ring.poll().expect("healthy").is_none());
    }
}

#[test]
fn who_waits_no_longer_gets_what_is_there() {
    let (card, _core, mut ring) = ring_of(16);
    ring.coalesce(after(3, LONG));
    assert!(ring.wait(SHORT).expect("healthy").is_none());
    assert!(card.complete(&[1; 8]));
    let start = Instant::now();
    assert!(ring.wait(SHORT).expect("healthy").is_some());
    assert!(start.elapsed() >= SHORT, "{:?}", start.elapsed());
    // What was waited for before is not the next slot's time.
    ring.coalescing.within = 3 * SHORT;
    assert!(card.complete(&[3; 8]));
    let start = Instant::now();
    assert!(ring.wait(LONG).expect("healthy").is_some());
    assert!(start.elapsed() >= 3 * SHORT, "{:?}", start.elapsed());
    assert!(card.complete(&[2; 8]));
    assert_eq!(
        take(&mut ring),
        Some(vec![2; 8]),
        "a look waits for nothing"
    );
}

#[test]
fn half_a_ring_is_enough() {
    let (card, _core, mut ring) = ring_of(4);
    ring.coalesce(after(100, LONG));
    for _ in 0..3 {
        assert!(card.complete(&[1; 8]) && card.complete(&[2; 8]));
        for _ in 0..2 {
            assert!(ring.wait(LONG).expect("healthy").is_some());
        }
    }
}

#[test]
fn a_task_waits_for_others_too() {
    let (card, _core, mut ring) = ring_of(16);
    ring.coalesce(after(2, SHORT));
    assert!(card.complete(&[1; 8]));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let start = Instant::now();
    runtime.block_on(async {
        drop(ring.next().await.expect("a slot"));
        assert!(start.elapsed() >= SHORT, "{:?}", start.elapsed());
        ring.coalesce(after(2, LONG));
        assert!(card.complete(&[2; 8]) && card.complete(&[3; 8]));
        drop(ring.next().await.expect("a slot"));
        drop(ring.next().await.expect("a slot"));
    });
}

#[test]
fn slots_that_wait_for_others_don_t_hide_a_dead_card() {
    let (card, _core, mut ring) = ring_of(16);
    // An hour's wait, if only memory were looked at.
    ring.coalesce(after(3, LONG));
    assert!(card.complete(&[1; 8]));
    card.script().dead = true;
    assert!(matches!(ring.wait(LONG), Err(Error::DeadCard)));
    assert!(matches!(ring.wait(LONG), Err(Error::DeadCard)));
}

#[test]
fn a_task_that_waits_for_others_sees_a_dead_card() {
    let (card, _core, mut ring) = ring_of(16);
    ring.coalesce(after(3, LONG));
    assert!(card.complete(&[1; 8]));
    card.script().dead = true;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let found = runtime.block_on(ring.next());
    assert!(matches!(found, Err(Error::DeadCard)));
}
