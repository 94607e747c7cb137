//! A command carries deliveries out, or nobody does.

use crate::each;
use crate::support::program::Program;
use crate::support::verbs::said;
use crate::support::webhooks::sale;

#[test]
fn the_exit_status_of_a_command_says_how_it_went() {
    // It sees the whole request on its input, and nothing of it in its arguments.
    let command = r#"case $(cat) in
        *'"ticket":"done"'*) exit 0 ;;
        *'"ticket":"later"'*) exit 75 ;;
        *'"ticket":"refused"'*) echo no such seat >&2; exit 65 ;;
        *) exit 1 ;;
    esac"#;
    let mut program = Program::serve(&["--deliver-cmd", command]);
    let tickets = ["done", "later", "refused", "other"];
    let ids = tickets.map(|ticket| format!("d-{}", program.post(&sale(ticket, ticket)).json()["seq"]));
    let ended = |id: &str| {
        program.wait_until(|program| {
            let one = program.delivery(id);
            if one["history"].as_array().unwrap().len() == 3 { Ok(one) } else { Err(one.to_string()) }
        })
    };
    let deliveries = [0, 1, 2, 3].map(|which| ended(&ids[which]));
    assert_eq!(each("state", &deliveries), ["delivered", "pending", "failed", "pending"]);
    assert_eq!(
        each("reason", &deliveries),
        ["-", "deferred: exit 75", "refused: exit 65: no such seat", "unknown: exit 1"]
    );
    for waiting in [&deliveries[1], &deliveries[3]] {
        assert!(waiting["next_attempt_at"].as_str() > waiting["updated_at"].as_str(), "{waiting}");
    }
    assert!(program.stop().success());
    program.verify();
}

#[test]
fn without_a_target_deliveries_wait_for_staff_also_with_no_server_running() {
    let mut program = Program::serve(&[]);
    program.post(&sale("t-1", "r-1"));
    program.post(&sale("t-2", "r-2"));
    let waiting = program.deliveries();
    assert_eq!(each("state", &waiting), ["pending", "pending"]);
    let due = program.refused(&["deliveries", "retry", "d-1", "--reason", "now"]);
    assert!(due.contains("d-1 is due already: it goes out as soon as a target is there to take it"), "{due}");
    program.stop();

    assert_eq!(program.deliveries(), waiting, "the command line opens the ledger itself");
    program.printed(&["deliveries", "mark-delivered", "d-1", "--reason", "printed and handed over"]);
    assert_eq!(each("state", &program.deliveries()), ["pending", "delivered"]);
    let timeline = program.objects(&["ticket", "t-1"]).remove(0);
    assert_eq!(each("what", timeline["history"].as_array().unwrap()), ["received", "mark_delivered"]);

    program.start();
    assert_eq!(each("state", &program.deliveries()), ["pending", "delivered"]);
    program.stop();
    program.verify();
    // A second opinion on the text that people read.
    let listed = program.run(&["deliveries", "list"]);
    assert!(said(&listed).contains("d-1  transfer  delivered"), "{}", said(&listed));
}
