//! Staff: failed deliveries are sent again, held ones settled, now and then something taken back, until nothing is open.

use std::time::Duration;

use willcall::domain::delivery::{Delivery, Stage};
use willcall::domain::query::{Answer, Command, Cursor, DeliveryQuery, Query, Window};

use crate::Shared;
use crate::door::Door;

/// Most deliveries that are looked at together.
const AT_ONCE: usize = 500;

/// Settles what there is, again and again, until the readers go.
pub fn work(shared: &Shared, seed: u64) -> Result<(), String> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut door = Door::to(&shared.data);
    while !shared.readers_go.after(Duration::from_millis(500)) {
        for one in stuck(&mut door)? {
            let (why, command) = match (one.stage(), random.u8(..20)) {
                (Stage::Failed, _) => ("the platform is better now", Command::Retry(one.id)),
                (_, 0..5) => ("the buyer asked for it", Command::Cancel(one.id)),
                _ => ("seen to at the window", Command::MarkDelivered(one.id)),
            };
            let done = shared.latencies.take("orders", || door.order(why, command))?;
            // Once is enough to see that it works; it is settled again in the next round.
            if done.is_ok() && one.stage() == Stage::Held && random.u8(..20) == 0 {
                let _ = door.order("by mistake", Command::Undo(one.id))?;
            }
            if shared.readers_go.is_now() {
                break;
            }
        }
    }
    Ok(())
}

fn stuck(door: &mut Door) -> Result<Vec<Delivery>, String> {
    let window = Window { cursor: Cursor::Oldest, ..Window::newest(AT_ONCE) };
    let query = DeliveryQuery { stages: vec![Stage::Failed, Stage::Held], kind: None, overdue: None, window };
    match door.ask(Query::Deliveries(query))? {
        Answer::Deliveries(page) => Ok(page.rows),
        other => Err(format!("asked for deliveries, got {other:?}")),
    }
}
