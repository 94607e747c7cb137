//! Every documented webhook on its whole way.

use std::path::{Path, PathBuf};

use crate::each;
use crate::support::platform::Platform;
use crate::support::program::Program;
use crate::support::webhooks::sale;

const TICKET: &str = "a1b2c3d4-e5f6-7890-abcd-ef1234567890";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/events").join(name)
}

/// Every documented sample, the reversal aside.
fn documented() -> Vec<String> {
    let families = ["listing", "ticket", "event", "notifyMe", "payouts"];
    let files = families.iter().flat_map(|family| std::fs::read_dir(fixture(family)).unwrap());
    let mut files: Vec<String> = files.map(|file| file.unwrap().path().to_str().unwrap().to_owned()).collect();
    files.retain(|file| !file.contains("reversal"));
    files.sort();
    files
}

fn send(program: &Program, files: &[String]) -> Vec<String> {
    let to = format!("http://{}{}", program.address(), program.path());
    let files = files.iter().map(String::as_str);
    let arguments: Vec<&str> = ["send", "--to", &to].into_iter().chain(files).collect();
    program.printed(&arguments).lines().map(str::to_owned).collect()
}

#[test]
fn every_documented_webhook_is_kept_and_carried_out_and_stays_so_after_kill_9() {
    let platform = Platform::accepting();
    let mut program = Program::serve(&["--deliver-to", &platform.url()]);
    let sales = documented();
    let sent = send(&program, &sales);
    assert_eq!(sent.len(), sales.len());
    assert!(sent.iter().all(|line| line.starts_with("200 ") && line.contains(r#""status":"stored""#)), "{sent:#?}");

    platform.wait_for_calls(2);
    let delivered = |count: usize| {
        program.wait_until(|program| {
            let all = program.deliveries();
            let done = all.len() == count && all.iter().all(|one| one["state"] == "delivered");
            if done { Ok(()) } else { Err(format!("{all:#?}")) }
        });
    };
    delivered(2);
    let reversal = vec![fixture("ticket/ticket.updated.reversal.json").to_str().unwrap().to_owned()];
    send(&program, &reversal);
    platform.wait_for_calls(3);
    delivered(3);

    let calls = platform.calls();
    let tickets: Vec<&str> = calls.iter().map(|call| call.body["ticket"].as_str().unwrap()).collect();
    assert!(tickets[..2].contains(&TICKET) && tickets[..2].contains(&"127471-2"), "{tickets:?}");
    let back = &calls[2].body;
    let (ana, carlos) = ("ana.martinez@example.com", "carlos.lopez@example.com");
    assert_eq!((&back["kind"], &back["from"], &back["to"]), (&"return".into(), &carlos.into(), &ana.into()));
    assert_eq!((back["ticket"].as_str(), back["attempt"].as_u64()), (Some(TICKET), Some(1)));
    let documented: serde_json::Value = serde_json::from_slice(&std::fs::read(&reversal[0]).unwrap()).unwrap();
    assert_eq!(back["message"], documented["message"], "menta's own object");
    assert_ne!(calls[2].headers.get("idempotency-key"), calls[1].headers.get("idempotency-key"));

    let deliveries = program.deliveries();
    assert_eq!(each("kind", &deliveries), ["return", "transfer", "transfer"], "the newest first");
    let events = program.objects(&["events", "list"]);
    assert_eq!(events.len(), sales.len() + 1);

    program.kill();
    assert_eq!(program.deliveries(), deliveries, "the socket that is left behind misleads nobody");
    program.start();
    assert_eq!(program.deliveries(), deliveries);
    assert_eq!(program.objects(&["events", "list"]), events);

    // All of it once more, as menta does when it was not sure: nothing is done twice.
    let again = send(&program, &sales);
    assert!(again.iter().all(|line| line.contains(r#""status":"duplicate""#)), "{again:#?}");
    program.post(&sale("another", "r"));
    platform.wait_for_calls(4);
    assert_eq!(platform.calls()[3].body["ticket"], "another");
    assert_eq!(program.deliveries().len(), 4);

    assert!(program.stop().success());
    program.verify();
}

#[test]
fn a_repeated_webhook_is_answered_with_the_number_of_the_original() {
    let program = Program::serve(&[]);
    assert_eq!(program.post(&sale("t-1", "r-1")).body, r#"{"status":"stored","seq":1}"#);
    assert_eq!(program.post(&sale("t-2", "r-2")).body, r#"{"status":"stored","seq":2}"#);
    // Spacing aside it is the same.
    let spaced = format!("\n{}\n", sale("t-1", "r-1").replace("\":", "\" : "));
    let repeated = program.post(&spaced);
    assert_eq!((repeated.status, repeated.body.as_str()), (200, r#"{"status":"duplicate","seq":3,"duplicate_of":1}"#));
    assert_eq!(each("id", &program.deliveries()), ["d-2", "d-1"]);
    let event = program.objects(&["events", "get", "3"]).remove(0);
    assert_eq!((&event["duplicate_of"], &event["body"]["message"]["data"]["id"]), (&1.into(), &"t-1".into()));
}
