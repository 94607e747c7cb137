//! The network, and everything else that chance decides: from a seed to the list of steps that a history is. Webhooks are
//! delayed, reordered, repeated, lost and late; in between the worker calls, a person meddles and the program dies.
//!
//! A history is a list, so that steps can be left out of it: a step speaks of what is there when its turn comes, and does
//! nothing if there is nothing.

use fastrand::Rng;

use crate::menta::{Deed, Form, Named, PEOPLE, Ticket};
use crate::operator::What;
use crate::platform::Manner;

/// Something for the writer to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Post {
    /// The words of a deed arrive; in the form they were given if none is said.
    Arrives { deed: usize, form: Option<Form> },
    /// Something arrives that is no webhook.
    Rubbish,
    /// The worker takes what is due.
    Claims { limit: usize },
    /// A call comes to its end.
    Lands { pick: usize, manner: Manner },
    /// A person orders something of a delivery.
    Orders { pick: usize, among: Among, what: What },
}

/// From which deliveries a person picks one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Among {
    All,
    /// Those that are not settled.
    Open,
    /// Those that were marked delivered or cancelled by a person.
    Decided,
}

/// A death.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Death {
    /// Which of the calls under way still did their work, a bit each.
    pub done: u8,
    /// It dies a second time, before what it found at its start is kept.
    pub again: bool,
    /// The disk loses the store, which it may: the journal is the truth.
    pub store_lost: bool,
}

/// One step of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// menta does something; this is the deed's number in later steps.
    Menta { number: usize, deed: Deed, form: Form },
    /// Time passes.
    Passes { seconds: u32 },
    /// The writer decides some posts as one batch, and may die at any moment of the batch's life.
    Writes { posts: Vec<Post>, death: Option<(Moment, Death)> },
    /// The program dies between two batches.
    Dies(Death),
}

/// When in a batch's life the program dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// It is decided, and nothing of it is in the journal.
    Decided,
    /// Some of its records are in the journal, the next one in part.
    Torn,
    /// It is in the journal and not in the store.
    Kept,
    /// It is in the store, and nobody was answered.
    Applied,
}

impl Moment {
    pub const ALL: [Self; 4] = [Self::Decided, Self::Torn, Self::Kept, Self::Applied];

    /// As it is counted.
    pub fn name(self) -> &'static str {
        match self {
            Self::Decided => "between decision and journal",
            Self::Torn => "in the middle of a batch's write",
            Self::Kept => "between journal and store",
            Self::Applied => "between store and answer",
        }
    }
}

/// Further attempts of the usual schedule, and of a short one.
pub const MANY: usize = 10;
const FEW: usize = 2;

/// Everything that happens, and how the platform behaves at the end.
#[derive(Debug, Clone)]
pub struct History {
    /// Further attempts after the first.
    pub retries: usize,
    pub steps: Vec<Step>,
    pub ending: Manner,
}

impl History {
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice { random: Rng::with_seed(seed) };
        let deeds = dice.deeds();
        let mut timed: Vec<(u32, Step)> = Vec::new();
        let mut clock = 0;
        let hasty = dice.chance(50);
        for (number, (deed, form)) in deeds.into_iter().enumerate() {
            clock += dice.random.u32(1..if hasty { 20 } else { 200 });
            timed.push((clock, Step::Menta { number, deed, form }));
            // Lost: menta will say it again when all else is over.
            if dice.chance(8) {
                continue;
            }
            for copy in 0..1 + dice.copies() {
                let delay = if dice.chance(60) { dice.random.u32(0..5) } else { dice.random.u32(0..400) };
                let form = match copy {
                    0 => None,
                    _ => [None, None, Some(Form::Respelled), Some(Form::Proper)][dice.random.usize(..4)],
                };
                timed.push((clock + 1 + delay, dice.writes(Post::Arrives { deed: number, form })));
            }
        }
        let end = clock + 500;
        for _ in 0..dice.random.usize(8..30) {
            let post = Post::Claims { limit: dice.random.usize(1..=4) };
            timed.push((dice.random.u32(0..end), dice.writes(post)));
        }
        let mood = dice.mood();
        for _ in 0..dice.random.usize(8..30) {
            let post = Post::Lands { pick: dice.random.usize(..8), manner: dice.manner(&mood) };
            timed.push((dice.random.u32(0..end), dice.writes(post)));
        }
        for _ in 0..dice.random.usize(2..14) {
            let seconds = [1, 7, 40, 200, 2000][dice.random.usize(..5)];
            timed.push((dice.random.u32(0..end), Step::Passes { seconds }));
        }
        // Half of the histories are left alone by people: there the owner of every ticket is checked.
        let meddling = if dice.chance(50) { 0 } else { dice.random.usize(1..8) };
        for _ in 0..meddling {
            let pick = dice.random.usize(..16);
            let among = if dice.chance(75) { Among::Open } else { Among::All };
            let what = What::ALL[dice.random.usize(..4)];
            let at = dice.random.u32(0..end);
            timed.push((at, dice.writes(Post::Orders { pick, among, what })));
            if what != What::Undo && dice.chance(60) {
                let at = at + if dice.chance(50) { 0 } else { dice.random.u32(0..200) };
                let undo = Post::Orders { pick, among: Among::Decided, what: What::Undo };
                timed.push((at, dice.writes(undo)));
            }
        }
        if dice.chance(10) {
            timed.push((dice.random.u32(0..end), dice.writes(Post::Rubbish)));
        }
        for _ in 0..dice.random.usize(..4) {
            let death = dice.death();
            timed.push((dice.random.u32(0..end), Step::Dies(death)));
        }
        timed.sort_by_key(|(at, _)| *at);
        let steps = dice.gathered(timed.into_iter().map(|(_, step)| step));
        let ending = if dice.chance(85) { Manner::Accepts } else { dice.manner(&Manner::ALL) };
        // With the whole schedule attempts are hardly ever used up.
        let retries = if seed % 4 == 3 { FEW } else { MANY };
        Self { retries, steps, ending }
    }
}

struct Dice {
    random: Rng,
}

impl Dice {
    fn chance(&mut self, percent: u32) -> bool {
        self.random.u32(..100) < percent
    }

    fn copies(&mut self) -> usize {
        if self.chance(30) { self.random.usize(1..3) } else { 0 }
    }

    fn death(&mut self) -> Death {
        Death { done: self.random.u8(..), again: self.chance(15), store_lost: self.chance(25) }
    }

    fn writes(&mut self, post: Post) -> Step {
        // Not to have put an outcome on record is the death with the most to lose.
        let percent = if matches!(post, Post::Lands { .. }) { 10 } else { 5 };
        let death = self.chance(percent).then(|| (Moment::ALL[self.random.usize(..4)], self.death()));
        Step::Writes { posts: vec![post], death }
    }

    /// Some neighbours go to the writer as one batch.
    fn gathered(&mut self, steps: impl Iterator<Item = Step>) -> Vec<Step> {
        let mut gathered: Vec<Step> = Vec::new();
        for step in steps {
            if let (Some(Step::Writes { posts, death: None }), Step::Writes { posts: more, death }) =
                (gathered.last_mut(), &step)
                && self.random.u32(..100) < 15
            {
                posts.extend(more.iter().cloned());
                if let (Some(Step::Writes { death: free, .. }), Some(death)) = (gathered.last_mut(), death) {
                    *free = Some(*death);
                }
                continue;
            }
            gathered.push(step);
        }
        gathered
    }

    /// What the platform is inclined to.
    fn mood(&mut self) -> Vec<Manner> {
        match self.random.u32(..4) {
            0 => vec![Manner::Accepts; 3],
            1 => vec![Manner::Accepts, Manner::Accepts, Manner::SilentAfterwards, Manner::FailsAfterwards],
            2 => vec![Manner::SilentBefore, Manner::Unreachable, Manner::FailsBefore],
            _ => Manner::ALL.to_vec(),
        }
    }

    fn manner(&mut self, mood: &[Manner]) -> Manner {
        if self.chance(20) {
            Manner::ALL[self.random.usize(..Manner::ALL.len())]
        } else {
            mood[self.random.usize(..mood.len())]
        }
    }

    fn person(&mut self) -> &'static str {
        PEOPLE[self.random.usize(..PEOPLE.len())]
    }

    fn deeds(&mut self) -> Vec<(Deed, Form)> {
        let tickets = 1 + self.random.usize(..3);
        let numbered = match self.random.u32(..10) {
            0 | 1 => 0,
            2 => 50,
            _ => 100,
        };
        let garbled = if self.chance(25) { 20 } else { 0 };
        let mut deeds: Vec<(Deed, Form)> = Vec::new();
        let mut sales: Vec<usize> = Vec::new();
        if tickets > 1 && self.chance(40) {
            deeds.extend((0..tickets).map(|one| (Deed::Lists { ticket: Ticket(one), group: 0 }, Form::Proper)));
        }
        for _ in 0..self.random.usize(1..=3 + 2 * tickets) {
            let number = deeds.len();
            let form = if self.chance(garbled) { self.garbled() } else { Form::Proper };
            match (sales.is_empty(), self.random.u32(..100)) {
                (false, 0..25) => {
                    // Any link of any chain, the newest more often.
                    let sale = if self.random.bool() {
                        sales[sales.len() - 1]
                    } else {
                        sales[self.random.usize(..sales.len())]
                    };
                    let people = match self.random.u32(..20) {
                        0 => Named::Strangers,
                        1..=9 => Named::TheOtherWayRound,
                        _ => Named::AsTheSale,
                    };
                    deeds.push((Deed::Reverses { sale, people }, form));
                }
                (false, 25..37) => {
                    let to = if self.random.bool() { Some(self.person()) } else { None };
                    let sale = sales[sales.len() - 1 - self.random.usize(..sales.len().min(2))];
                    deeds.push((Deed::Corrects { sale, to, nominal: self.random.u8(1..3) }, form));
                }
                (_, 37..45) if tickets > 1 => {
                    // One purchase of everything in a listing: one number for all of it.
                    let (to, resale) = (self.person(), Some(number));
                    for one in 0..tickets {
                        sales.push(deeds.len());
                        deeds.push((Deed::Sells { ticket: Ticket(one), to, resale }, form));
                    }
                }
                _ => {
                    let (ticket, to) = (Ticket(self.random.usize(..tickets)), self.person());
                    let resale = self.chance(numbered).then_some(number);
                    sales.push(number);
                    deeds.push((Deed::Sells { ticket, to, resale }, form));
                }
            }
        }
        deeds
    }

    fn garbled(&mut self) -> Form {
        [Form::NoTicket, Form::NoBuyer, Form::NoSeller, Form::TextForBoolean, Form::KeyTwice][self.random.usize(..5)]
    }
}
