//! A sale taken back in each phase of its delivery, over HTTP.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::support::platform::{Platform, Reply};
use crate::support::program::Program;
use crate::support::watched::Watched;
use crate::support::webhooks::{reversal, sale};

/// A platform that answers the first call with `status` when it is told to, and accepts the rest.
fn waiting(status: u16) -> (Platform, Arc<Watched<bool>>) {
    let open = Arc::new(Watched::new(false));
    let gate = Arc::clone(&open);
    let platform = Platform::start(move |_, before| {
        if before > 0 {
            return Reply::status(200);
        }
        gate.wait(Duration::from_secs(10), |open| open.then_some(()));
        Reply::status(status)
    });
    (platform, open)
}

fn state(delivery: &Value) -> (&str, &str) {
    (delivery["state"].as_str().unwrap(), delivery["reason"].as_str().unwrap_or("-"))
}

fn kinds(platform: &Platform) -> Vec<String> {
    platform.calls().iter().map(|call| call.body["kind"].as_str().unwrap().to_owned()).collect()
}

/// A sale whose reversal comes while the platform is at it; it then answers with `status`.
fn reversed_in_flight(status: u16) -> (Program, Platform) {
    let (platform, open) = waiting(status);
    let program = Program::serve(&["--deliver-to", &platform.url()]);
    program.post(&sale("t", "r"));
    platform.wait_for_calls(1);
    let seq = program.post(&reversal("t", "r")).json()["seq"].to_string();
    let [back, sold] = program.deliveries().try_into().unwrap();
    assert_eq!(state(&sold), ("in_flight", "attempt 1 under way"));
    assert_eq!((state(&back), &back["id"]), (("pending", "behind d-1"), &format!("d-{seq}").into()));
    open.change(|open| *open = true);
    (program, platform)
}

#[test]
fn in_flight_and_then_done_it_is_sent_back() {
    let (mut program, platform) = reversed_in_flight(200);
    program.wait_for_state("d-3", "delivered");
    assert_eq!(state(&program.delivery("d-1")), ("delivered", "-"));
    assert_eq!(kinds(&platform), ["transfer", "return"]);
    assert!(program.stop().success());
    program.verify();
}

#[test]
fn in_flight_and_perhaps_done_it_is_sent_back() {
    let (program, platform) = reversed_in_flight(500);
    program.wait_for_state("d-3", "delivered");
    assert_eq!(state(&program.delivery("d-1")), ("cancelled", "sale reversed by d-3"));
    assert_eq!(kinds(&platform), ["transfer", "return"]);
}

#[test]
fn in_flight_and_surely_not_done_there_is_nothing_to_undo() {
    let (program, platform) = reversed_in_flight(409);
    program.wait_for_state("d-3", "cancelled");
    assert_eq!(state(&program.delivery("d-3")).1, "nothing to undo: d-1 was not carried out");
    assert_eq!(state(&program.delivery("d-1")), ("cancelled", "sale reversed by d-3"));
    assert_eq!(kinds(&platform), ["transfer"]);
}

#[test]
fn before_anything_was_sent_nothing_ever_is() {
    let mut program = Program::serve(&[]);
    program.post(&sale("t", "r"));
    program.post(&reversal("t", "r"));
    assert_eq!(state(&program.delivery("d-1")), ("cancelled", "sale reversed by d-2"));
    assert_eq!(state(&program.delivery("d-2")), ("cancelled", "nothing to undo: d-1 was not carried out"));
    program.stop();

    // Not even when there is a target at last; what is sent after them proves that they had their chance.
    let platform = Platform::accepting();
    program.deliver_to(&platform.url());
    program.start();
    program.post(&sale("other", "other"));
    program.wait_for_state("d-3", "delivered");
    assert_eq!(platform.calls().len(), 1);
}

#[test]
fn after_a_refusal_there_is_nothing_to_undo() {
    let platform = Platform::in_turn([Reply::status(422)]);
    let program = Program::serve(&["--deliver-to", &platform.url()]);
    program.post(&sale("t", "r"));
    program.wait_for_state("d-1", "failed");
    program.post(&reversal("t", "r"));
    let [back, sold] = program.deliveries().try_into().unwrap();
    assert_eq!((state(&sold).0, state(&back).0), ("cancelled", "cancelled"));
    assert_eq!(kinds(&platform), ["transfer"]);
}

#[test]
fn before_the_sale_is_seen_it_waits_for_it() {
    let platform = Platform::accepting();
    let program = Program::serve(&["--deliver-to", &platform.url()]);
    program.post(&reversal("t", "r"));
    assert_eq!(program.delivery("d-1")["state"], "held");
    program.post(&sale("t", "r"));
    assert_eq!(state(&program.delivery("d-1")), ("cancelled", "nothing to undo: d-2 was not carried out"));
    assert_eq!(state(&program.delivery("d-2")), ("cancelled", "sale reversed by d-1"));
    program.post(&sale("other", "other"));
    platform.wait_for_calls(1);
    assert_eq!(platform.calls()[0].body["ticket"], "other");
}
