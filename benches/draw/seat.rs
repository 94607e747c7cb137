//! A reader in front of a ledger: the dashboard's state, its questions answered at once, its cells.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use willcall::config::{Clock, Settings};
use willcall::domain::query::Status;
use willcall::engine::local::{LocalArchive, LocalLedger};
use willcall::engine::{Archive, DeskError};
use willcall::ui::effect::Effect;
use willcall::ui::keymap::Chord;
use willcall::ui::model::Model;
use willcall::ui::theme::Theme;
use willcall::ui::update::{self, Message};
use willcall::ui::view;

/// What answers.
pub(crate) type Archived = LocalArchive;

/// The ledger, to be kept open, and what answers from it.
pub(crate) fn open(settings: &Settings) -> (LocalLedger, Archived) {
    let (ledger, _) = LocalLedger::open(settings, &mut |_| {}).expect("the ledger opens");
    let archive = ledger.archive();
    (ledger, archive)
}

pub(crate) struct Seat<'a> {
    archive: &'a Archived,
    model: Model,
    shown: Buffer,
}

impl<'a> Seat<'a> {
    /// The dashboard as it opens, with all its questions answered.
    pub(crate) fn take(archive: &'a Archived, size: (u16, u16)) -> Self {
        let model = Model::new("bench".to_owned(), Clock::System.now(), size);
        let shown = Buffer::empty(Rect { x: 0, y: 0, width: size.0, height: size.1 });
        let mut seat = Self { archive, model, shown };
        let effects = update::open(&mut seat.model);
        seat.perform(effects);
        seat
    }

    /// Presses keys, parted by blanks.
    pub(crate) fn press(&mut self, keys: &str) {
        for key in keys.split(' ') {
            self.tell(Message::Key(Chord::parse(key).expect("a key")));
        }
    }

    /// The ledger has changed.
    pub(crate) fn changed(&mut self) {
        self.tell(Message::Changed);
    }

    /// A frame.
    pub(crate) fn draw(&mut self) {
        let mut wanted = Buffer::empty(self.shown.area);
        view::draw(&mut wanted, &self.model, Theme::default());
        std::hint::black_box(self.shown.diff(&wanted).len());
        self.shown = wanted;
    }

    fn tell(&mut self, message: Message) {
        let effects = update::update(&mut self.model, message, Clock::System.now());
        self.perform(effects);
    }

    /// Answers every question, and those that the answers raise.
    fn perform(&mut self, mut effects: Vec<Effect>) {
        while let Some(effect) = effects.pop() {
            let now = Clock::System.now();
            let message = match effect {
                Effect::Ask { slot, query } => {
                    let answer = self.archive.answer(&query, now).map_err(DeskError::from);
                    Message::Answered { slot, query: Box::new(query), answer }
                }
                Effect::Status => Message::Told(Box::new(Ok(Status::starting(now)))),
                _ => continue,
            };
            effects.extend(update::update(&mut self.model, message, now));
        }
    }
}
