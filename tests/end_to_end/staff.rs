//! What staff do at the command line while the server runs: it goes through `control.sock`, with who, when and why.

use crate::each;
use crate::support::http;
use crate::support::platform::{Platform, Reply};
use crate::support::program::Program;
use crate::support::verbs::said;
use crate::support::webhooks::sale;

fn order<'a>(verb: &'a str, id: &'a str, why: &'a str) -> [&'a str; 5] {
    ["deliveries", verb, id, "--reason", why]
}

#[test]
fn what_the_target_keeps_refusing_is_sent_again_and_then_settled_by_hand() {
    let locked = Reply::status(409);
    let platform = Platform::in_turn([locked]);
    let mut program = Program::serve_in(&[("WILLCALL_OPERATOR", "ana")], &["--deliver-to", &platform.url()]);
    program.post(&sale("t", "r"));
    let failed = program.wait_for_state("d-1", "failed");
    assert!(failed["reason"].as_str().unwrap().starts_with("refused: 409"), "{failed}");

    let undo = program.refused(&order("undo", "d-1", "slip"));
    assert!(undo.starts_with("willcall: nothing to take back: d-1 was not marked delivered or cancelled"), "{undo}");
    program.printed(&order("retry", "d-1", "unlocked it"));
    platform.wait_for_calls(2);
    program.wait_for_state("d-1", "failed");
    let calls = platform.calls();
    let key = |call: usize| calls[call].headers.get("idempotency-key").unwrap();
    assert_ne!(key(0), key(1), "a definite refusal is behind it");

    program.printed(&order("mark-delivered", "d-1", "handed over at the window"));
    let uid = rustix::process::getuid().as_raw();
    let who = format!("ana (uid {uid})");
    let delivery = program.delivery("d-1");
    let reason = format!("marked delivered by {who}: handed over at the window");
    assert_eq!((&delivery["state"], &delivery["reason"]), (&"delivered".into(), &reason.into()));
    let history = delivery["history"].as_array().unwrap();
    let attempt = ["attempt_started", "attempt_finished"];
    let expected = [&["received"], &attempt[..], &["retry"], &attempt[..], &["mark_delivered"]].concat();
    assert_eq!(each("what", history), expected);
    for (at, why) in [(3, "unlocked it"), (6, "handed over at the window")] {
        let acted = &history[at];
        assert_eq!((&acted["who"], &acted["why"]), (&who.as_str().into(), &why.into()));
        let moment = acted["at"].as_str().unwrap();
        assert!(moment.ends_with('Z') && moment >= history[at - 1]["at"].as_str().unwrap(), "{acted}");
    }
    assert_eq!((&history[2]["status"], &history[2]["outcome"]), (&409.into(), &"refused".into()));

    for (verb, says) in [
        ("retry", "d-1 is delivered already"),
        ("mark-delivered", "d-1 is delivered already"),
        ("cancel", "d-1 is delivered already: a reversal from menta takes it back"),
    ] {
        assert_eq!(program.refused(&order(verb, "d-1", "again")), format!("willcall: {says}\n"));
    }
    assert_eq!(program.refused(&order("retry", "d-7", "x")), "willcall: there is no delivery d-7\n");

    program.printed(&order("undo", "d-1", "wrong window"));
    assert_eq!(program.delivery("d-1")["state"], "failed");
    program.printed(&order("cancel", "d-1", "bought back in cash"));
    assert_eq!(program.delivery("d-1")["state"], "cancelled");
    let again = program.refused(&order("retry", "d-1", "x"));
    assert!(again.starts_with("willcall: d-1 is cancelled (cancelled by ana (uid "), "{again}");
    assert_eq!(platform.calls().len(), 2, "nothing of that was sent");

    let before = program.delivery("d-1");
    program.kill();
    program.start();
    assert_eq!(program.delivery("d-1"), before);
    assert!(program.stop().success());
    program.verify();
}

#[test]
fn what_is_behind_waits_for_what_a_person_must_settle() {
    let platform = Platform::in_turn([Reply::status(410), Reply::status(200)]);
    let program = Program::serve(&["--deliver-to", &platform.url()]);
    program.post(&sale("t", "r-1"));
    program.wait_for_state("d-1", "failed");
    let resold = crate::support::webhooks::ticket_updated("t", "r-2", ("carlos@example.com", "eva@example.com"), false);
    let id = format!("d-{}", program.post(&resold).json()["seq"]);
    let second = program.delivery(&id);
    assert_eq!((&second["state"], &second["reason"]), (&"pending".into(), &"behind d-1".into()));
    let refused = program.refused(&order("mark-delivered", &id, "x"));
    assert!(refused.contains("d-1 of the same ticket comes before"), "{refused}");

    program.printed(&order("mark-delivered", "d-1", "done by hand"));
    program.wait_for_state(&id, "delivered");
    assert_eq!(platform.calls()[1].body["to"], "eva@example.com");
}

#[test]
fn what_cannot_become_an_event_is_kept_in_quarantine_and_can_be_read() {
    let program = Program::serve(&[]);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/events/invalid");
    let to = format!("http://{}{}", program.address(), program.path());
    let output = program.run(&["send", folder, "--to", &to]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let lines = String::from_utf8(output.stdout).unwrap();
    assert!(lines.lines().all(|line| line.starts_with("400 ")), "{lines}");

    let files = std::fs::read_dir(folder).unwrap().count();
    let list = program.objects(&["quarantine", "list"]);
    assert_eq!((list.len(), lines.lines().count()), (files, files));
    assert!(each("code", &list).iter().all(|code| matches!(*code, "not_json" | "not_an_envelope")), "{list:#?}");
    assert!(program.objects(&["events", "list"]).is_empty());

    let broken = r#"{"family":"ticket","#;
    let answer = http::post(program.address(), program.path(), &[], broken);
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["error"]["code"], "not_json");
    let seq = (files + 1).to_string();
    let kept = program.objects(&["quarantine", "get", &seq]).remove(0);
    assert_eq!((kept["body"].as_str(), kept["size"].as_u64()), (Some(broken), Some(broken.len() as u64)));
    let resend = ["quarantine", "resend", &seq, "--reason", "perhaps now"];
    let refused = program.refused(&resend);
    assert!(refused.starts_with(&format!("willcall: request {seq} still cannot be read: ")), "{refused}");
    assert_eq!(program.refused(&["quarantine", "get", "99"]), "willcall: there is no request 99 in quarantine\n");
}
