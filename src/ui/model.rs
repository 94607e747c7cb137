//! All state of the dashboard. No I/O, no clock, nothing of how it looks.

use std::collections::{BTreeMap, BTreeSet};

use super::action::{Action, key_name};
use super::banners::{self, Banners};
use super::batch::Batch;
use super::columns::Column;
use super::copied::Copied;
use super::detail::Detail;
use super::dialog::Dialog;
use super::exhibit::Exhibit;
use super::gathering::Gathering;
use super::held_back::{HeldBack, Waiting};
use super::keymap::Keymap;
use super::layout::{self, Size};
use super::list::{List, Scroll};
use super::many;
use super::marks::Marks;
use super::menu::{Menu, Recent};
use super::narrowing::Earlier;
use super::pace::Pace;
use super::subject::Subject;
use super::text;
use super::theme::Role;
use super::travel::Travel;
use crate::domain::Timestamp;
use crate::domain::alert::Bell;
use crate::domain::delivery::{Delivery, Stage};
use crate::domain::documentation::FAMILIES;
use crate::domain::ids::{DeliveryId, Seq};
use crate::domain::lateness::{LateAfter, Lateness, lateness};
use crate::domain::privacy::Privacy;
use crate::domain::query::{EventRow, Overview, RejectedRow, Status};
use crate::domain::show::Show;

/// A screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // as the action of the same name says
pub enum View {
    Overview,
    Feed,
    Deliveries,
    Reversals,
    Payouts,
    Quarantine,
}

impl View {
    /// In the order of their keys.
    pub const ALL: [Self; 6] =
        [Self::Overview, Self::Feed, Self::Deliveries, Self::Reversals, Self::Payouts, Self::Quarantine];

    /// What goes there.
    pub fn action(self) -> Action {
        match self {
            Self::Overview => Action::Overview,
            Self::Feed => Action::Feed,
            Self::Deliveries => Action::Deliveries,
            Self::Reversals => Action::Reversals,
            Self::Payouts => Action::Payouts,
            Self::Quarantine => Action::Quarantine,
        }
    }

    /// As its tab and the record of a reveal name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Feed => "feed",
            Self::Deliveries => "deliveries",
            Self::Reversals => "reversals",
            Self::Payouts => "payouts",
            Self::Quarantine => "quarantine",
        }
    }
}

/// A part of the overview that can have the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pane {
    /// Failed and held deliveries.
    Attention,
    /// Pending and in-flight deliveries.
    Open,
    /// Returns.
    Reversals,
    /// Shows.
    Payouts,
    /// The feed of one documented family, by its place in [`FAMILIES`].
    Family(usize),
}

/// A choice of delivery states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// As the list's title names it.
    pub name: &'static str,
    /// Empty: all.
    pub stages: &'static [Stage],
    /// Only those that are overdue.
    pub overdue: bool,
}

impl Choice {
    const fn of(name: &'static str, stages: &'static [Stage]) -> Self {
        Self { name, stages, overdue: false }
    }
}

/// The choices, in the order in which one goes through them.
pub const CHOICES: [Choice; 8] = [
    Choice::of("all states", &[]),
    Choice::of("needs a hand", &[Stage::Failed, Stage::Held]),
    Choice::of("open", &[Stage::Pending, Stage::InFlight]),
    Choice::of("failed", &[Stage::Failed]),
    Choice::of("held", &[Stage::Held]),
    Choice::of("delivered", &[Stage::Delivered]),
    Choice::of("cancelled", &[Stage::Cancelled]),
    Choice { name: "overdue", stages: &[Stage::Pending, Stage::InFlight, Stage::Failed, Stage::Held], overdue: true },
];

/// The place among [`CHOICES`] of what is overdue.
pub const OVERDUE: usize = CHOICES.len() - 1;

/// Something to be known for a few seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// The sentence.
    pub text: String,
    /// Good or bad news.
    pub role: Role,
    /// Since when.
    pub at: Timestamp,
    /// The delivery on which `u` acts while this is on the screen.
    pub undo: Option<Box<Delivery>>,
}

/// What an outstanding question is for. One question at a time for each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// Counts and the first screen.
    Overview,
    /// A family's feed; none: all families.
    Feed(Option<String>),
    /// A list.
    List(View),
    /// An open detail.
    Detail(Subject),
    /// What is read beside the list.
    Beside,
    /// The delivery that a dialog is about.
    Dialog(DeliveryId),
    /// The marked rows that a dialog is about.
    Marked,
    /// Rows that are being marked.
    Gathering,
    /// How deliveries stand about which many orders were given.
    Results,
    /// What is typed into the palette.
    Sought,
    /// How the program is.
    Status,
    /// What needs a person since the last ring.
    Needed,
    /// Which earlier moment is wanted.
    Moment,
    /// The first sight of an earlier moment.
    Arrival,
}

/// All state of the dashboard.
#[derive(Debug, Clone)]
pub struct Model {
    /// Which keys do what.
    pub keys: Keymap,
    /// Who sits here, for the record.
    pub who: String,
    /// The mouse is taken from the terminal.
    pub mouse: bool,
    /// What the reader's clock shows.
    pub clock: Timestamp,
    /// The present of what is shown: an earlier one while the reader looks back.
    pub now: Timestamp,
    /// Where in time that is.
    pub travel: Travel,
    /// The terminal.
    pub size: Size,
    /// The screen.
    pub view: View,
    /// Details open above it, the last on top.
    pub details: Vec<Detail>,
    /// What the row under the cursor says, where there is room for it beside the list.
    pub beside: Option<Detail>,
    /// Counts and the first screen, once they have come.
    pub overview: Option<Overview>,
    /// The minute for which the counts were asked, if nothing has changed since.
    pub counted: Option<i64>,
    /// The pane of the overview that has the focus.
    pub pane: Pane,
    /// The row under the cursor of each pane.
    pub pane_rows: BTreeMap<Pane, Seq>,
    /// The family of the feed; none: all.
    pub family: Option<String>,
    /// The feeds that were looked at.
    pub feeds: BTreeMap<Option<String>, List<EventRow>>,
    /// All deliveries.
    pub deliveries: List<Delivery>,
    /// The choice of states there, by its place in [`CHOICES`].
    pub delivery_choice: usize,
    /// Returns.
    pub returns: List<Delivery>,
    /// The choice of states there.
    pub return_choice: usize,
    /// Columns that are hidden, of each screen that has some.
    pub hidden: BTreeMap<View, BTreeSet<Column>>,
    /// Shows.
    pub shows: List<Show>,
    /// The quarantine.
    pub quarantine: List<RejectedRow>,
    /// How the program is.
    pub status: Option<Status>,
    /// Why the last question got no answer.
    pub trouble: Option<String>,
    /// A question to the reader.
    pub dialog: Option<Dialog>,
    /// Orders that can still be called back.
    pub held_back: HeldBack,
    /// Rows that are being marked.
    pub gathering: Option<Gathering>,
    /// The last orders about many rows.
    pub batch: Option<Batch>,
    /// The palette or the help, when it is open.
    pub menu: Option<Menu>,
    /// What was done from the palette.
    pub recent: Recent,
    /// The filter of the list is being typed.
    pub narrowing: bool,
    /// The filters of this run.
    pub earlier: Earlier,
    /// The screen from which that was begun, where it is another: Esc goes back to it.
    pub narrowed_from: Option<View>,
    /// What is wrong as a whole.
    pub banners: Banners,
    /// New failures and holds are to ring.
    pub rings: bool,
    /// When they last did; none before the first look.
    pub bell: Option<Bell>,
    /// What was copied, while it is shown.
    pub copied: Option<Copied>,
    /// What the next one is to be compared with.
    pub marked: Option<Exhibit>,
    /// What is to be known for a few seconds.
    pub toasts: Vec<Toast>,
    /// Whether personal data may be seen here.
    pub privacy: Privacy,
    /// How fast keys come, and how long the row under the cursor has been there.
    pub pace: Pace,
    /// Questions under way; true: to be asked again.
    pub asking: BTreeMap<Slot, bool>,
}

/// The target of [`Status`] where there is none.
const BY_HAND: &str = "by hand";

impl Model {
    /// The dashboard as it opens.
    pub fn new(who: String, now: Timestamp, size: Size) -> Self {
        Self {
            keys: Keymap::default(),
            mouse: false,
            who,
            clock: now,
            now,
            travel: Travel::default(),
            size,
            view: View::Overview,
            details: Vec::new(),
            beside: None,
            overview: None,
            counted: None,
            pane: Pane::Attention,
            pane_rows: BTreeMap::new(),
            family: None,
            feeds: BTreeMap::new(),
            deliveries: List::default(),
            delivery_choice: 0,
            returns: List::default(),
            return_choice: 0,
            hidden: BTreeMap::new(),
            shows: List::default(),
            quarantine: List::default(),
            status: None,
            trouble: None,
            dialog: None,
            held_back: HeldBack::default(),
            gathering: None,
            batch: None,
            menu: None,
            recent: Recent::default(),
            narrowing: false,
            earlier: Earlier::default(),
            narrowed_from: None,
            banners: Banners::default(),
            rings: false,
            bell: None,
            copied: None,
            marked: None,
            toasts: Vec::new(),
            privacy: Privacy::Masked,
            pace: Pace::default(),
            asking: BTreeMap::new(),
        }
    }

    /// The banners as lines.
    pub fn banner_lines(&self) -> Vec<banners::Line> {
        let (most, cells) = (layout::most_banner_lines(self.size), usize::from(self.size.0));
        let hint = self.banner_hint().map_or(0, |hint| text::width(&hint) + banners::GAP);
        let mut lines = self.travel_lines(most, cells);
        lines.extend(self.banners.lines(most - lines.len(), cells, hint, self.privacy));
        lines
    }

    /// What stands at the end of the banner that would be put away next; none where no key does that.
    pub fn banner_hint(&self) -> Option<String> {
        self.keys.hint(Action::PutAway).map(|key| format!("{key} {}", Action::PutAway.entry().hint))
    }

    /// What goes back here: while a filter is typed always Esc.
    pub fn way_back(&self) -> String {
        if self.narrowing { key_name("esc") } else { self.keys.named(Action::Back) }
    }

    /// By what deliveries are overdue.
    pub fn late_after(&self) -> LateAfter {
        self.status.as_ref().map_or_else(LateAfter::default, |status| status.late_after)
    }

    /// Where the wait for a delivery stands; none once it is settled.
    pub fn lateness(&self, delivery: &Delivery) -> Option<Lateness> {
        lateness(delivery, &self.late_after(), self.now)
    }

    /// How many deliveries are overdue.
    pub fn overdue(&self) -> u64 {
        self.overview.as_ref().map_or(0, |overview| overview.overdue)
    }

    /// How the program is at what is shown: of an earlier moment that is on no record.
    pub fn program(&self) -> Option<&Status> {
        self.status.as_ref().filter(|_| self.travel.shown.is_none())
    }

    /// There is no target: staff carry deliveries out.
    pub fn by_hand(&self) -> bool {
        self.status.as_ref().is_some_and(|status| status.target == BY_HAND)
    }

    /// Rows of the body.
    pub fn body_rows(&self) -> u16 {
        layout::body_rows(self.size, self.banner_lines().len() as u16)
    }

    /// Rows of the list in sight.
    pub fn list_rows(&self) -> usize {
        let mut body = self.body_rows();
        if self.view == View::Quarantine {
            body = body.saturating_sub(layout::turned_away_rows(body, self.turned_away()));
        }
        usize::from(layout::list_rows(body))
    }

    fn turned_away(&self) -> usize {
        self.program().map_or(0, |status| status.turned_away.len())
    }

    /// The detail on top.
    pub fn detail(&self) -> Option<&Detail> {
        self.details.last()
    }

    /// What is looked for in the detail on top is being typed.
    pub fn searching(&self) -> bool {
        self.detail().and_then(|detail| detail.search.as_ref()).is_some_and(|search| search.typing)
    }

    /// Where the reader is, as the record of a reveal names it.
    pub fn place(&self) -> String {
        match (self.detail(), self.view, &self.family) {
            (Some(detail), ..) => detail.subject.to_string(),
            (None, View::Feed, Some(family)) => format!("feed {family}"),
            (None, view, _) => view.name().to_owned(),
        }
    }

    /// The families that have a feed: all, the documented, and others that were met.
    pub fn families(&self) -> Vec<Option<String>> {
        let met = self.overview.iter().flat_map(|overview| overview.families.keys());
        let others = met.filter(|name| !FAMILIES.contains(&name.as_str())).cloned();
        let documented = FAMILIES.iter().map(|name| (*name).to_owned());
        std::iter::once(None).chain(documented.chain(others).map(Some)).collect()
    }

    /// The feed in sight.
    pub fn feed(&self) -> Option<&List<EventRow>> {
        self.feeds.get(&self.family)
    }

    /// The list in sight.
    pub fn list(&mut self) -> Option<&mut dyn Scroll> {
        self.list_of(self.view)
    }

    /// The list of a screen.
    pub fn list_of(&mut self, view: View) -> Option<&mut dyn Scroll> {
        match view {
            View::Overview => None,
            View::Feed => Some(self.feeds.entry(self.family.clone()).or_default()),
            View::Deliveries => Some(&mut self.deliveries),
            View::Reversals => Some(&mut self.returns),
            View::Payouts => Some(&mut self.shows),
            View::Quarantine => Some(&mut self.quarantine),
        }
    }

    /// The rows in sight can be marked.
    pub fn marks_rows(&self) -> bool {
        self.details.is_empty() && matches!(self.view, View::Deliveries | View::Reversals | View::Quarantine)
    }

    /// The marks of the list in sight, where its rows can be marked.
    pub fn marks(&self) -> Option<&Marks> {
        self.seen_list().filter(|_| self.marks_rows()).map(Scroll::marked)
    }

    /// The choice of states of the list in sight.
    pub fn choice(&mut self) -> Option<&mut usize> {
        match self.view {
            View::Deliveries => Some(&mut self.delivery_choice),
            View::Reversals => Some(&mut self.return_choice),
            View::Overview | View::Feed | View::Payouts | View::Quarantine => None,
        }
    }

    /// The list in sight holds still.
    pub fn paused(&self) -> bool {
        self.seen_list().is_some_and(Scroll::paused)
    }

    /// Orders that were confirmed and not given yet, as in `retry of transfer d-41`.
    pub fn not_given(&self) -> Vec<String> {
        let one = |waiting: &Waiting| waiting.place().map(|_| format!("retry of {}", waiting.about));
        let many = self.batch.as_ref().and_then(|batch| {
            let waits = batch.tally().wait;
            (waits > 0).then(|| format!("{} of {}", batch.verb(), many::counted(batch.view, waits)))
        });
        self.held_back.waiting().iter().filter_map(one).chain(many).collect()
    }

    /// Deliveries that are pending or in flight.
    pub fn open_deliveries(&self) -> u64 {
        self.overview.as_ref().map_or(0, |overview| overview.count(&[Stage::Pending, Stage::InFlight]))
    }

    /// The same in the present, whatever moment is shown.
    pub fn open_now(&self) -> u64 {
        if self.travel.shown.is_some() { self.travel.open } else { self.open_deliveries() }
    }

    /// The lists are of another moment than what they hold. Where the reader is in them stays.
    pub fn renew_lists(&mut self) {
        let view = self.view;
        for (family, list) in &mut self.feeds {
            list.renew(view == View::Feed && *family == self.family);
        }
        self.deliveries.renew(view == View::Deliveries);
        self.returns.renew(view == View::Reversals);
        self.shows.renew(view == View::Payouts);
        self.quarantine.renew(view == View::Quarantine);
    }

    /// The list in sight can be sorted, and columns of it hidden.
    pub fn has_columns(&self) -> bool {
        self.details.is_empty() && matches!(self.view, View::Deliveries | View::Reversals)
    }

    /// The column is hidden in the list in sight.
    pub fn hides(&self, column: Column) -> bool {
        self.hidden.get(&self.view).is_some_and(|hidden| hidden.contains(&column))
    }

    /// The list in sight is only a part of the body, and beside it is what its row under the cursor says.
    pub fn splits(&self) -> bool {
        layout::splits(self.size) && self.details.is_empty() && self.view != View::Overview
    }

    /// The list in sight, to be read.
    pub fn seen_list(&self) -> Option<&dyn Scroll> {
        match self.view {
            View::Overview => None,
            View::Feed => self.feed().map(|list| list as &dyn Scroll),
            View::Deliveries => Some(&self.deliveries),
            View::Reversals => Some(&self.returns),
            View::Payouts => Some(&self.shows),
            View::Quarantine => Some(&self.quarantine),
        }
    }
}
