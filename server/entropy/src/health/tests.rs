use super::*;

const STUCK: Observed = Observed::Alarm(AlarmSet(1));

fn running(lanes: u8) -> HealthState {
    let mut health = HealthState::new();
    for lane in 0..lanes {
        health
            .observe("card", lane, Observed::StartUp)
            .expect("a lane");
        assert!(!health.health().allows_output() || lane > 0);
        health
            .observe("card", lane, Observed::Running)
            .expect("a lane");
    }
    health
}

#[test]
fn no_lane_no_output() {
    let mut health = HealthState::new();
    assert_eq!(health.health(), Health::Starting);
    assert!(!health.health().allows_output());
    health
        .observe("card", 0, Observed::StartUp)
        .expect("a lane");
    assert_eq!(health.health(), Health::Starting);
    health
        .observe("card", 0, Observed::Running)
        .expect("a lane");
    assert_eq!(health.health(), Health::Healthy);
    health.observe("card", 0, Observed::Off).expect("a lane");
    assert_eq!(health.health(), Health::Starting);
}

#[test]
fn a_failure_stops_one_lane_and_the_last_stops_all() {
    let mut health = running(2);
    assert_eq!(health.running("card"), 0b11);
    assert_eq!(health.observe("card", 0, STUCK), Ok(true));
    assert_eq!(
        health.observe("card", 0, STUCK),
        Ok(false),
        "it had failed before"
    );
    assert_eq!(health.health(), Health::Degraded);
    assert!(health.health().allows_output());
    assert_eq!(health.running("card"), 0b10);
    assert_eq!(health.observe("card", 1, STUCK), Ok(true));
    assert_eq!(health.health(), Health::Unhealthy);
    assert_eq!(health.failures(), 2);
}

#[test]
fn only_an_operator_re_arms() {
    let mut health = running(1);
    health.observe("card", 0, STUCK).expect("a lane");
    for observed in [Observed::Running, Observed::StartUp, Observed::Off] {
        health.observe("card", 0, observed).expect("a lane");
        assert_eq!(
            health.health(),
            Health::Unhealthy,
            "{observed:?} cleared the alarm"
        );
    }
    health.rearm("card", 0).expect("it failed");
    assert_eq!(
        health.health(),
        Health::Starting,
        "the start-up test comes first"
    );
    health
        .observe("card", 0, Observed::Running)
        .expect("a lane");
    assert_eq!(health.health(), Health::Healthy);
    assert_eq!(health.report()[0].failures, 1, "history stays");
    assert!(health.report()[0].alarms.is_empty());
    let not_failed = HealthError::NotFailed {
        source_name: "card".into(),
        lane: 0,
    };
    assert_eq!(health.rearm("card", 0), Err(not_failed));
    assert!(health.rearm("other", 0).is_err());
}

#[test]
fn alarms_accumulate_and_are_named() {
    let mut health = running(1);
    health
        .observe("card", 0, Observed::Alarm(AlarmSet::from_card(1)))
        .expect("a lane");
    health
        .observe("card", 0, Observed::Alarm(AlarmSet::from_card(0b1_0000)))
        .expect("a lane");
    let report = health.report();
    assert_eq!(report[0].alarms.to_string(), "repetition-count, balance");
    assert_eq!(
        serde_json::to_value(&report[0]).expect("plain"),
        serde_json::json!({"source": "card", "lane": 0, "state": "failed",
            "alarms": ["repetition-count", "balance"], "failures": 1})
    );
}

#[test]
fn an_alarm_without_or_with_an_unknown_reason_is_an_alarm() {
    let mut health = running(1);
    health
        .observe("card", 0, Observed::Alarm(AlarmSet::NONE))
        .expect("a lane");
    assert_eq!(health.health(), Health::Unhealthy);
    assert!(!health.report()[0].alarms.is_empty());
    assert!(AlarmSet::from_card(1 << 9).contains(Alarm::StartUp));
    assert!(
        AlarmSet::from_card(1 << 6).contains(Alarm::StartUp),
        "bit 6 is no bit of the card's"
    );
    assert!(!AlarmSet::from_card(1 << 6).contains(Alarm::Removed));
    for (bit, alarm) in Alarm::ALL.into_iter().take(6).enumerate() {
        assert_eq!(
            AlarmSet::from_card(1 << bit).iter().collect::<Vec<_>>(),
            [alarm]
        );
    }
}

#[test]
fn surprise_removal_fails_each_lane_that_is_on() {
    let mut health = running(3);
    health.observe("card", 0, Observed::Off).expect("a lane");
    health.observe("card", 1, STUCK).expect("a lane");
    health
        .observe("other", 0, Observed::Running)
        .expect("a lane");
    assert_eq!(health.source_lost("card"), [2]);
    assert_eq!(health.running("card"), 0);
    assert_eq!(health.health(), Health::Degraded, "the other card goes on");
    assert_eq!(
        health.report()[1].alarms.to_string(),
        "repetition-count, removed"
    );
    assert_eq!(health.source_lost("other"), [0]);
    assert_eq!(health.health(), Health::Unhealthy);
    assert!(health.source_lost("unknown").is_empty());
}

#[test]
fn tables_are_bounded() {
    let mut health = HealthState::new();
    assert!(health.observe("card", 63, Observed::Running).is_ok());
    assert!(matches!(
        health.observe("card", 64, Observed::Off),
        Err(HealthError::NoSuchLane { .. })
    ));
    for i in 1..MAX_SOURCES {
        health
            .observe(&format!("card {i}"), 0, Observed::Off)
            .expect("a source");
    }
    assert_eq!(
        health.observe("one more", 0, Observed::Off),
        Err(HealthError::TooManySources)
    );
    assert_eq!(
        health.observe("card", 0, Observed::Off),
        Ok(false),
        "known ones go on"
    );
}
