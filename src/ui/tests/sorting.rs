//! Lists of deliveries in another order, and without some of their columns: state, keys, what is then on the screen.

use super::acting::Table;
use super::ledger::{Ledger, ago, delivery};
use crate::domain::delivery::{Kind, Stage, State};
use crate::domain::ids::Seq;
use crate::ui::list::Scroll;
use crate::ui::model::View;
use crate::ui::update::Message;

/// The deliveries, sorted by what is typed.
fn sorted(keys: &str, by: &str) -> Table {
    let mut table = Table::new(Ledger::busy());
    table.keys(1000, keys).keys(1000, "S").text(120, by).keys(1000, "enter");
    table
}

/// The ids on the screen, from top to bottom.
fn ids(table: &Table) -> Vec<u64> {
    let list = &table.model.deliveries;
    list.shown().take(table.model.list_rows()).map(|one| one.id.0.0).collect()
}

fn cursor(table: &Table) -> Option<u64> {
    table.model.deliveries.cursor_place().map(|place| place.0)
}

#[test]
fn a_list_is_sorted_by_a_column_and_turned_round_by_the_same() {
    let mut table = sorted("3", "age");
    let waits = |table: &Table| {
        let rows: Vec<_> = table.model.deliveries.shown().cloned().collect();
        let waiting = rows.iter().take_while(|one| !one.stage().settled()).count();
        assert!(rows[waiting..].iter().all(|one| one.stage().settled()), "who waits stands first");
        rows[..waiting].iter().map(|one| one.created_at).collect::<Vec<_>>()
    };
    let times = waits(&table);
    assert!(times.len() > 5 && times.is_sorted(), "{times:?}");
    let screen = table.screen();
    assert!(screen.contains("by age ▼") && screen.contains("  age▼"), "{screen}");
    assert!(!screen.contains("of more"), "all are there: {screen}");
    let first = ids(&table)[0];
    // What was chosen last stands first.
    table.keys(1000, "S enter");
    assert_ne!(ids(&table)[0], first);
    assert!(table.screen().contains("by age ▲"));
    table.keys(1000, "S").text(120, "state").keys(1000, "enter");
    let stages: Vec<Stage> = table.model.deliveries.shown().map(|one| one.stage()).collect();
    assert_eq!(stages[..4], [Stage::Failed, Stage::Failed, Stage::Held, Stage::InFlight]);
    table.keys(1000, "S").text(120, "id").keys(1000, "enter");
    assert!(table.model.deliveries.sorted().is_none() && ids(&table)[..2] == [399, 398]);
}

#[test]
fn the_cursor_stays_on_its_row_wherever_that_is_shown() {
    let mut table = sorted("3 j j j", "ticket");
    assert_eq!(cursor(&table), Some(391), "the row that was chosen before");
    table.keys(1000, "G g j j");
    let chosen = cursor(&table).unwrap();
    let place = |table: &Table| table.model.deliveries.indices(table.model.list_rows()).map(|(top, here)| here - top);
    let before = place(&table);
    // What comes in is shown before it.
    table.change(|ledger| {
        for seq in 450..453 {
            ledger.deliveries.push(delivery(seq, Kind::Transfer, "0", State::InFlight { attempt: 1 }, 0));
        }
    });
    assert_eq!(cursor(&table), Some(chosen));
    assert_eq!(place(&table), before, "nor does the screen move");
    table.keys(1000, "pgup pgup");
    assert_eq!(ids(&table)[..3], [452, 451, 450]);
    // One that has gone leaves the cursor where it was.
    let mut table = sorted("3 s", "state");
    table.keys(1000, "j");
    let (row, after) = (cursor(&table).unwrap(), ids(&table));
    table.change(|ledger| ledger.change(row, |one| one.state = State::InFlight { attempt: 1 }));
    assert!(!ids(&table).contains(&row));
    assert_eq!(cursor(&table), Some(after[2]));
}

#[test]
fn what_is_filtered_is_sorted_and_so_are_marks_kept() {
    let mut table = Table::new(Ledger::busy());
    table.keys(1000, "3 /").text(120, "state:pending⏎").keys(1000, "S").text(120, "next").keys(1000, "enter");
    let due = table.model.deliveries.shown().filter_map(|one| match one.state {
        State::Pending { due } if one.behind.is_none() => Some(due),
        _ => None,
    });
    let due: Vec<_> = due.collect();
    assert!(due.len() > 2 && due.is_sorted(), "{due:?}");
    table.keys(1000, "space space");
    let marked = table.model.deliveries.marks.rows().clone();
    assert_eq!(marked.len(), 2);
    table.keys(1000, "S").text(120, "ticket").keys(1000, "enter");
    assert_eq!(table.model.deliveries.marks.rows(), &marked);
    // A range would be of rows by their places, which are not in a row here.
    table.keys(1000, "v");
    assert!(!table.model.deliveries.marks.ranges() && table.toasted("a range needs the rows as they came"));
}

#[test]
fn where_there_are_more_than_are_sorted_that_is_said() {
    let mut ledger = Ledger::busy();
    ledger.deliveries = (1..=1500)
        .map(|seq| delivery(seq, Kind::Transfer, &format!("T-{seq}"), State::Pending { due: ago(-60) }, 0))
        .collect();
    let mut table = Table::new(ledger);
    table.keys(1000, "3 S").text(120, "age").keys(1000, "enter");
    let screen = table.screen();
    assert!(screen.contains("by age ▼, the newest 1,000 of more"), "{screen}");
    table.keys(1000, "G");
    assert_eq!(table.model.deliveries.shown().count(), 1000);
    assert_eq!(table.model.deliveries.page.rows.last().map(|one| one.id.0), Some(Seq(501)));
}

#[test]
fn columns_are_hidden_one_by_one_and_shown_again() {
    let mut table = Table::new(Ledger::busy());
    table.keys(1000, "3 C").text(120, "tries").keys(1000, "enter");
    assert!(table.model.menu.is_some() && table.screen().contains("hidden: Enter shows it"), "{}", table.screen());
    table.keys(1000, "ctrl-u").text(120, "column: reason⏎").keys(1000, "esc");
    let heads = |table: &mut Table| table.screen().lines().nth(3).unwrap().to_owned();
    let shown = heads(&mut table);
    assert!(!shown.contains("tries") && !shown.contains("reason") && shown.contains("state"), "{shown}");
    table.keys(1000, "4");
    assert!(heads(&mut table).contains("tries"), "each list has its own");
    table.keys(1000, "3 C").text(120, "tries⏎");
    table.keys(1000, "esc");
    assert!(heads(&mut table).contains("tries"));
    // Sorted by what is hidden: said in the title still.
    table.keys(1000, "S").text(120, "reason⏎");
    assert!(table.screen().contains("by reason ▼"));
    table.tell(Message::Resized((60, 15)));
    assert!(table.screen().contains("d-"), "{}", table.screen());
}

#[test]
fn elsewhere_there_is_nothing_to_sort() {
    for keys in ["1 S", "2 C", "3 enter S", "5 S", "6 C"] {
        let mut table = Table::new(Ledger::busy());
        table.keys(1000, keys);
        assert!(table.model.menu.is_none() && table.toasted("needs a list of deliveries"), "{keys}");
    }
    let mut table = Table::new(Ledger::busy());
    table.keys(1000, "4 S").text(120, "age⏎");
    assert!(table.model.view == View::Reversals && table.model.returns.sorted().is_some());
    assert!(table.model.deliveries.sorted().is_none());
}
