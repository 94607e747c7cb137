//! Settings, and ledgers that hold events already. They are filled without HTTP, by the same decisions.

use std::collections::BTreeMap;
use std::path::Path;

use willcall::config::{Clock, Settings, Surroundings, load};
use willcall::domain::ids::DeliveryId;
use willcall::domain::query::{Command, Order};
use willcall::domain::record::{Answer, Rejected};
use willcall::domain::retry::{Outcome, RetryPolicy};
use willcall::engine::batch::Batch;
use willcall::engine::ledger::Ledger;
use willcall::engine::local::LocalLedger;
use willcall::ingest::submission::{Prepared, Receipt, Submission};

use super::samples::Sample;

pub(crate) const PATH: &str = "/webhooks/menta";

/// Events kept together while a ledger is being filled.
const TOGETHER: usize = 1000;

/// Listings of one and the same ticket in a ledger of all sorts.
const BUSY: usize = 600;

/// The defaults, but for the port, the folder, and these variables.
pub(crate) fn settings(folder: &Path, more: &[(&str, &str)]) -> Settings {
    let own = [
        ("WILLCALL_LISTEN", "127.0.0.1:0".to_owned()),
        ("WILLCALL_PATH", PATH.to_owned()),
        ("WILLCALL_DATA_DIR", folder.display().to_string()),
    ];
    let more = more.iter().map(|(name, value)| (*name, (*value).to_owned()));
    let variables: BTreeMap<String, String> =
        own.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value)).collect();
    let here = Surroundings { variables, config_home: None, data_home: None };
    load(&here, None, &[]).expect("the settings are sound").settings
}

/// Puts `count` sales into the ledger, each with its delivery, which is due.
pub(crate) fn fill(settings: &Settings, count: usize) {
    let mut sale = Sample::sale();
    fill_with(settings, count, |batch, _| {
        receive(batch, sale.next());
    });
}

/// The same, but every delivery was marked as delivered.
pub(crate) fn fill_settled(settings: &Settings, count: usize) {
    let mut sale = Sample::sale();
    fill_with(settings, count, |batch, _| {
        let receipt = receive(batch, sale.next());
        mark_delivered(batch, DeliveryId(receipt.seq));
    });
}

/// Puts `count` events of all sorts into the ledger. Of a hundred, 90 are sales, 8 listings, one a payout and one a
/// subscription; of a thousand sales, one is reversed instead. Of a hundred deliveries, 10 are delivered and one has failed;
/// the rest is due. One ticket was listed [`BUSY`] times. For each thousand events there is a rejected request.
pub(crate) fn fill_mixed(settings: &Settings, count: usize) {
    let (mut sale, mut listing, mut again) = (Sample::sale(), Sample::listing(), Sample::listing_again());
    let (mut payout, mut wish, mut reversal) = (Sample::payout(), Sample::wish(), Sample::reversal());
    let every = (count / BUSY).max(2);
    fill_with(settings, count, |batch, number| {
        let body = match number % 100 {
            _ if number % every == 0 => again.next(),
            0 => payout.next(),
            1 => wish.next(),
            2..10 => listing.next(),
            50 if number % 1000 == 50 => reversal.next(),
            _ => sale.next(),
        };
        let receipt = receive(batch, body);
        if (10..20).contains(&(number % 100)) && number % every != 0 {
            mark_delivered(batch, DeliveryId(receipt.seq));
        }
        if number % 1000 == 500 {
            reject(batch);
        }
        if number % TOGETHER == TOGETHER - 1 {
            refuse(batch, TOGETHER / 100);
        }
    });
}

fn fill_with(settings: &Settings, count: usize, mut next: impl FnMut(&mut Batch<'_, LocalLedger>, usize)) {
    let (mut ledger, _) = LocalLedger::open(settings, &mut |_| {}).expect("the ledger opens");
    let (policy, mut done) = (RetryPolicy::default(), 0);
    while done < count {
        ledger.ready().expect("the ledger takes records");
        let mut batch = Batch::new(&ledger, &policy, Clock::System.now());
        let until = count.min(done + TOGETHER);
        for number in done..until {
            next(&mut batch, number);
        }
        let records = batch.into_records();
        ledger.commit(records).expect("the records are kept");
        done = until;
    }
}

fn receive(batch: &mut Batch<'_, LocalLedger>, body: &[u8]) -> Receipt {
    let prepared = Prepared::read("127.0.0.1".to_owned(), body.to_vec()).expect("a webhook");
    batch.submit(Submission::Webhook(prepared)).expect("the ledger can be read")
}

fn reject(batch: &mut Batch<'_, LocalLedger>) {
    let rejected = Rejected {
        from: "127.0.0.1".to_owned(),
        code: "not_json".to_owned(),
        message: "the body is no JSON: expected value at line 1 column 1".to_owned(),
        content_type: Some("text/plain".to_owned()),
    };
    let submission = Submission::Rejected { rejected, body: b"is anybody there?".to_vec() };
    batch.submit(submission).expect("the ledger can be read");
}

fn mark_delivered(batch: &mut Batch<'_, LocalLedger>, id: DeliveryId) {
    let (who, why) = ("bench".to_owned(), "done at the counter".to_owned());
    batch.order(&Order { who, why, command: Command::MarkDelivered(id) }).expect("it can be marked");
}

/// The longest due ones are refused for good.
fn refuse(batch: &mut Batch<'_, LocalLedger>, count: usize) {
    let claimed = batch.claim(count, "bench").expect("the ledger can be read");
    for assignment in claimed.assignments {
        let answer = Answer {
            outcome: Outcome::Refused,
            text: "422: the ticket is locked".to_owned(),
            status: Some(422),
            request_headers: Vec::new(),
            response_headers: Vec::new(),
            retry_after: None,
            latency_ms: 12,
            truncated: false,
        };
        batch.finish(assignment.delivery.id, assignment.attempt, answer, Vec::new()).expect("the ledger can be read");
    }
}
