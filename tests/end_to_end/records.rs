//! What the journal holds can be written out, also while a server writes it, and the store can be made from it anew.

use serde_json::Value;

use crate::support::platform::{Platform, Reply};
use crate::support::program::Program;
use crate::support::webhooks::{reversal, sale};

/// Deliveries of each kind, and a request in quarantine.
fn lived_in() -> (Program, Platform) {
    let platform = Platform::start(|call, _| match call.body["ticket"].as_str() {
        Some("refused") => Reply::status(409),
        _ => Reply::status(200),
    });
    let program = Program::serve(&["--deliver-to", &platform.url()]);
    for ticket in ["one", "two", "refused"] {
        program.post(&sale(ticket, ticket));
    }
    assert_eq!(program.post("no webhook").status, 400);
    program.wait_until(|program| {
        let all = program.deliveries();
        let open = all.iter().any(|one| matches!(one["state"].as_str(), Some("pending" | "in_flight")));
        if open { Err(format!("{all:#?}")) } else { Ok(()) }
    });
    let back = format!("d-{}", program.post(&reversal("two", "two")).json()["seq"]);
    program.wait_for_state(&back, "delivered");
    let refused = program.objects(&["deliveries", "list", "--state", "failed"]).remove(0);
    let id = refused["id"].as_str().unwrap();
    program.printed(&["deliveries", "mark-delivered", id, "--reason", "at the window"]);
    (program, platform)
}

/// Everything that can be asked for.
fn answers(program: &Program) -> Vec<Value> {
    let lists = [&["events", "list"][..], &["quarantine", "list"], &["ticket", "two"], &["ticket", "refused"]];
    let ids = program.deliveries();
    let each = ids.iter().map(|one| program.delivery(one["id"].as_str().unwrap()));
    lists.iter().flat_map(|list| program.objects(list)).chain(each).collect()
}

#[test]
fn a_store_made_anew_gives_the_same_answers() {
    let (mut program, _platform) = lived_in();
    let before = answers(&program);
    program.stop();
    program.verify();
    let records = program.records().len();
    assert_eq!(program.printed(&["rebuild"]), format!("store rebuilt from {records} records\n"));
    program.verify();
    program.start();
    assert_eq!(answers(&program), before);
}

#[test]
fn every_record_is_written_out_also_while_serving() {
    let (mut program, _platform) = lived_in();
    let serving = program.records();
    let seqs: Vec<u64> = serving.iter().map(|record| record["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=serving.len() as u64).collect::<Vec<_>>());
    assert_eq!(serving[0]["body"], sale("one", "one"), "the exact bytes");
    let facts: Vec<&str> = serving
        .iter()
        .map(|record| record["head"]["fact"].as_object().unwrap().keys().next().unwrap().as_str())
        .collect();
    for (fact, count) in
        [("received", 4), ("rejected", 1), ("attempt_started", 4), ("attempt_finished", 4), ("operator_acted", 1)]
    {
        assert_eq!(facts.iter().filter(|one| **one == fact).count(), count, "{fact} in {facts:?}");
    }
    program.stop();
    assert_eq!(program.records(), serving);

    let file = program.data().with_file_name("records.jsonl");
    let path = file.to_str().unwrap();
    program.printed(&["export", "--output", path]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), program.printed(&["export"]));
    let again = program.refused(&["export", "--output", path]);
    assert!(again.starts_with("willcall: cannot create"), "nothing is overwritten: {again}");
}
