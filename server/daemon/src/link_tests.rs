#![allow(clippy::unwrap_used, reason = "tests")]

use photonbox_channel::message::RefusalCode;

use super::*;
use crate::asked::MAX_QUEUED;

/// A link to a parent, and one request that it was asked.
struct Scene {
    asking: Asking,
    asked: Asked,
    _commands: mpsc::Receiver<Command>,
}

fn scene() -> Scene {
    let (parent, _) = watch::channel(None);
    let (commands, receiver) = mpsc::channel(8);
    let (answers, asked) = Asked::new(1, commands);
    let mut asking = Asking::new(&parent, &Arc::default(), false);
    let cancelled = None;
    asking.open.insert(1, Open { answers, cancelled });
    Scene {
        asking,
        asked,
        _commands: receiver,
    }
}

fn refused() -> Answer {
    Answer::Refused {
        code: RefusalCode::Cancelled,
        retry_after_ms: None,
        text: "cancelled as you asked".into(),
    }
}

#[tokio::test]
async fn who_takes_nothing_is_cancelled_and_still_has_what_was_on_its_way() {
    let mut scene = scene();
    let share = MAX_QUEUED / 4;
    for _ in 0..6 {
        scene
            .asking
            .route(1, share, Answer::Opening(Vec::new()), false);
    }
    assert_eq!(scene.asking.cancels, [1], "once");
    scene.asking.route(1, 0, refused(), true);
    assert!(scene.asking.open.is_empty());
    for _ in 0..6 {
        assert!(matches!(scene.asked.next().await, Answer::Opening(_)));
    }
    // It did not ask for that refusal.
    assert!(matches!(scene.asked.next().await, Answer::Lost));
}

#[tokio::test]
async fn a_parent_that_goes_on_after_a_cancel_is_not_listened_to_without_end() {
    let mut scene = scene();
    let share = MAX_QUEUED / 4;
    for _ in 0..20 {
        scene
            .asking
            .route(1, share, Answer::Opening(Vec::new()), false);
    }
    assert!(scene.asking.open.is_empty());
    let mut taken = 0;
    while matches!(scene.asked.next().await, Answer::Opening(_)) {
        taken += 1;
    }
    assert!((4..8).contains(&taken), "{taken}");
}

#[tokio::test]
async fn who_cancels_hears_the_last_word() {
    let mut scene = scene();
    scene.asking.open.get_mut(&1).unwrap().cancelled = Some(Cancelled::ByAsker);
    scene.asking.route(1, 8, Answer::Opening(Vec::new()), false);
    scene.asking.route(1, 0, refused(), true);
    assert!(matches!(scene.asked.next().await, Answer::Opening(_)));
    assert!(matches!(scene.asked.next().await, Answer::Refused { .. }));
    assert!(scene.asking.cancels.is_empty() && scene.asking.open.is_empty());
}

#[tokio::test]
async fn who_is_gone_is_cancelled() {
    let mut scene = scene();
    drop(scene.asked);
    scene.asking.route(1, 8, Answer::Opening(Vec::new()), false);
    assert_eq!(scene.asking.cancels, [1]);
    assert!(scene.asking.open.is_empty());
}
