//! Sources that fail: what a hub then says, to its operator and to hosts.

use photonbox_daemon::*;
use serde_json::Value;

use crate::world::*;

/// Every lane of the small build, the same fault at the same time.
fn on_all_lanes(fault: &str, times: &str) -> Vec<String> {
    let one = |lane| match fault.split_once(':') {
        Some((name, rest)) => format!("{name}:{lane}:{rest}@{times}"),
        None => format!("{fault}:{lane}@{times}"),
    };
    (0..4).map(one).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unhealthy_hub_says_so_to_who_would_enrol_or_join() {
    let world = World::new();
    let healthy = hub(world.serve_options()).await;
    world.enroll(&healthy, "h1", false).await;
    healthy.stop().await;
    let mut options = world.serve_options();
    options.card.faults = on_all_lanes("dead-lane", "0s..6s");
    let sick = hub(options).await;
    let health = async || world.ask("hub", ControlCommand::Status).await["health"].clone();
    until("unhealthy", async || health().await == "unhealthy").await;

    let token = enroll_token(&TokenOptions {
        state: Some(world.state("hub")),
        ttl_seconds: 600,
        relay: false,
        ..TokenOptions::default()
    })
    .unwrap();
    let enrolment = EnrollOptions {
        state: Some(world.state("h2")),
        hub: sick.address.clone(),
        ca_hash: token.ca_hash,
        token: token.token.into(),
        host_name: Some("h2".into()),
    };
    let error = enroll(&enrolment).await.unwrap_err();
    assert_eq!(error.exit_code(), 3, "{error}");
    assert!(
        error.to_string().contains("no healthy source of entropy"),
        "{error}"
    );
    assert!(error.help().contains("same token"), "{}", error.help());

    // A host waits until the source is well: re-armed once its fault is over.
    let waiting = host(world.join_options("h1", &sick.address, Class::Drbg, 64)).await;
    until("well", async || {
        for lane in 0..4 {
            // Refused while the lane is not in alarm; in alarm again while the fault lasts.
            let rearm = ControlCommand::Rearm { lane };
            let _ = control_request(Some(&world.state("hub")), rearm).await;
        }
        health().await == "healthy"
    })
    .await;
    assert_eq!(waiting.end().await.bytes, 64);
    // The token was not spent.
    enroll(&enrolment).await.unwrap();
    sick.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_has_its_alarm_and_the_other_lanes_go_on() {
    let world = World::new();
    let mut options = world.serve_options();
    options.card.faults = ["dead-lane:0@300ms", "stuck-b:1@300ms", "bias:2:0.9@300ms"]
        .map(str::to_owned)
        .into();
    let hub = hub(options).await;
    world.enroll(&hub, "h1", false).await;
    let status = async || world.ask("hub", ControlCommand::Status).await;
    let failed = |status: &Value, lane: usize| status["lanes"][lane]["state"] == "failed";
    until("three lanes fail", async || {
        let status = status().await;
        (0..3).all(|lane| failed(&status, lane))
    })
    .await;
    let status = status().await;
    assert_eq!(status["health"], "degraded");
    let alarms = |lane: usize| status["lanes"][lane]["alarms"].to_string();
    assert!(alarms(0).contains("rate-low"), "{status:#}");
    assert!(alarms(1).contains("repetition-count"), "{status:#}");
    assert!(
        alarms(2).contains("adaptive-proportion") || alarms(2).contains("balance"),
        "{status:#}"
    );
    assert!(
        !alarms(2).contains("repetition") && !alarms(2).contains("rate"),
        "{status:#}"
    );
    assert_eq!(status["lanes"][3]["state"], "running");
    // The lane that is left serves both classes.
    for class in [Class::Full, Class::Drbg] {
        let served = host(world.join_options("h1", &hub.address, class, 200)).await;
        assert_eq!(served.end().await.bytes, 200);
    }
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lane_in_alarm_stays_held_over_restarts_until_it_is_re_armed() {
    let world = World::new();
    let status = async || world.ask("hub", ControlCommand::Status).await;
    let mut options = world.serve_options();
    options.card.faults = on_all_lanes("dead-lane", "0s");
    let sick = hub(options).await;
    // An alarm is written down a moment after it is seen.
    until("four alarms", async || {
        let status = status().await;
        let held = |lane: &Value| lane["state"] == "failed" && lane["held_since"].is_u64();
        (0..4).all(|lane| held(&status["lanes"][lane]))
    })
    .await;
    let since = status().await["lanes"][0]["held_since"].clone();
    sick.stop().await;

    // No fault any more, and a card that knows of none: it was reset when the hub closed it.
    for _ in 0..2 {
        let held = hub(world.serve_options()).await;
        let status = status().await;
        assert_eq!(status["health"], "unhealthy");
        for lane in 0..4 {
            let lane = &status["lanes"][lane];
            assert_eq!(lane["state"], "failed", "{status:#}");
            assert!(lane["alarms"].to_string().contains("rate-low"), "{lane}");
        }
        assert_eq!(status["lanes"][0]["held_since"], since);
        held.stop().await;
    }
    let mended = hub(world.serve_options()).await;
    for lane in [0, 1] {
        world.ask("hub", ControlCommand::Rearm { lane }).await;
    }
    until("two lanes run", async || {
        let status = status().await;
        [0, 1].iter().all(|&lane: &usize| {
            status["lanes"][lane]["state"] == "running"
                && status["lanes"][lane]["held_since"].is_null()
        })
    })
    .await;
    assert_eq!(status().await["health"], "degraded");
    world.enroll(&mended, "h1", false).await;
    let served = host(world.join_options("h1", &mended.address, Class::Full, 200)).await;
    assert_eq!(served.end().await.bytes, 200);
    mended.stop().await;

    // What was re-armed runs at once; what was not is held still.
    let again = hub(world.serve_options()).await;
    until("two lanes run by themselves", async || {
        let status = status().await;
        (0..2).all(|lane| status["lanes"][lane]["state"] == "running")
    })
    .await;
    for lane in [2, 3] {
        assert_eq!(status().await["lanes"][lane]["state"], "failed");
        world
            .ask("hub", ControlCommand::Rearm { lane: lane as u8 })
            .await;
    }
    until("well", async || status().await["health"] == "healthy").await;
    again.stop().await;
}
