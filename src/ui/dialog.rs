//! Questions on the screen: before something that cannot be had back by looking away, where the focus starts on the reason,
//! and for a moment.

use tui_input::Input;

use super::action::Action;
use super::form::Form;
use super::held_back::HeldBack;
use super::many::ManyDialog;
use super::words;
use crate::domain::Timestamp;
use crate::domain::delivery::{Delivery, Evidence};
use crate::domain::filter::time;
use crate::domain::ids::{DeliveryId, Seq};
use crate::domain::payload::Amount;
use crate::domain::query::{Command, RejectedRow};

/// A question on the screen.
#[derive(Debug, Clone)]
pub enum Dialog {
    /// Before an order.
    Order(Box<OrderDialog>),
    /// Before orders about many rows.
    Many(Box<ManyDialog>),
    /// Before the program goes.
    Leave(LeaveDialog),
    /// For an earlier moment.
    Moment(MomentDialog),
}

impl Dialog {
    /// What is typed and chosen in it; none where it is not answered but put away.
    pub fn form(&mut self) -> Option<&mut Form> {
        match self {
            Self::Order(dialog) => Some(&mut dialog.form),
            Self::Many(dialog) => (!dialog.is_notice()).then_some(&mut dialog.form),
            Self::Leave(_) | Self::Moment(_) => None,
        }
    }
}

/// What an order is about, and what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Send the delivery again.
    Retry(Delivery),
    /// It was done by hand.
    MarkDelivered(Delivery),
    /// It shall not be done.
    Cancel(Delivery),
    /// Take the last action back.
    Undo(Delivery),
    /// Send a quarantined request again.
    Resend(RejectedRow),
}

/// A question before an order.
#[derive(Debug, Clone)]
pub struct OrderDialog {
    /// What is asked.
    pub ask: Ask,
    /// What the buyer paid, once known.
    pub amount: Option<Amount>,
    /// What is typed and chosen.
    pub form: Form,
}

/// A question before the program goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaveDialog {
    /// For good, rather than until `fg`.
    pub quit: bool,
    /// Deliveries that are pending or in flight.
    pub open: u64,
    /// On the answer that goes.
    pub yes: bool,
}

/// A question for an earlier moment.
#[derive(Debug, Clone, Default)]
pub struct MomentDialog {
    /// As typed.
    pub input: Input,
    /// Why that is none.
    pub complaint: Option<&'static str>,
}

impl MomentDialog {
    /// The moment that is typed, seen from `now`; none for the present.
    ///
    /// # Errors
    /// When it is no moment, or has not come yet.
    pub fn moment(&self, now: Timestamp) -> Result<Option<Timestamp>, &'static str> {
        moment(self.input.value(), now)
    }
}

/// The moment that is `typed`, as for [`MomentDialog::moment`].
///
/// # Errors
/// When it is no moment, or has not come yet.
pub fn moment(typed: &str, now: Timestamp) -> Result<Option<Timestamp>, &'static str> {
    match typed.trim() {
        "" | "now" => Ok(None),
        typed => match time::moment(typed, now) {
            Some(at) if at < now => Ok(Some(at)),
            Some(_) => Err("that has not come yet"),
            None => Err("no moment: type one like `21:40`, `2026-11-22 21:40:07` (UTC), or `10m` for ten minutes ago"),
        },
    }
}

impl OrderDialog {
    /// A question about `ask`, on the line for its reason.
    pub fn new(ask: Ask) -> Self {
        Self { ask, amount: None, form: Form::default() }
    }

    /// The order, or what is wanting.
    ///
    /// # Errors
    /// When a reason is needed and none was given.
    pub fn command(&self) -> Result<(Command, String), &'static str> {
        Ok((self.ask.command(), self.form.why(self.ask.usual_reason())?))
    }
}

impl Ask {
    /// What `action` orders about a delivery.
    pub fn about_delivery(action: Action, delivery: Delivery) -> Self {
        match action {
            Action::MarkDelivered => Self::MarkDelivered(delivery),
            Action::Cancel => Self::Cancel(delivery),
            Action::Undo => Self::Undo(delivery),
            _ => Self::Retry(delivery),
        }
    }

    /// The place of its row.
    pub fn place(&self) -> Seq {
        match self {
            Self::Resend(row) => row.seq,
            Self::Retry(one) | Self::MarkDelivered(one) | Self::Cancel(one) | Self::Undo(one) => one.id.0,
        }
    }

    /// The delivery it is about.
    pub fn delivery(&self) -> Option<&Delivery> {
        match self {
            Self::Retry(one) | Self::MarkDelivered(one) | Self::Cancel(one) | Self::Undo(one) => Some(one),
            Self::Resend(_) => None,
        }
    }

    /// The same, to be replaced as it changes under the reader's eyes.
    pub fn delivery_mut(&mut self) -> Option<&mut Delivery> {
        match self {
            Self::Retry(one) | Self::MarkDelivered(one) | Self::Cancel(one) | Self::Undo(one) => Some(one),
            Self::Resend(_) => None,
        }
    }

    /// The delivery's id.
    pub fn id(&self) -> Option<DeliveryId> {
        self.delivery().map(|delivery| delivery.id)
    }

    /// What it is about, as toasts name it.
    pub fn about(&self) -> String {
        match self {
            Self::Resend(row) => format!("request {}", row.seq),
            other => other.delivery().map_or(String::new(), words::name),
        }
    }

    /// As in `cancel`.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Retry(_) => "retry",
            Self::MarkDelivered(_) => "mark delivered",
            Self::Cancel(_) => "cancel",
            Self::Undo(_) => "undo",
            Self::Resend(_) => "send again",
        }
    }

    /// The reason on record when none is typed; none where one must be.
    pub fn usual_reason(&self) -> Option<&'static str> {
        match self {
            Self::MarkDelivered(_) | Self::Cancel(_) => None,
            Self::Retry(_) | Self::Undo(_) | Self::Resend(_) => Some(self.verb()),
        }
    }

    /// It waits a moment after Yes.
    pub fn can_be_called_back(&self) -> bool {
        HeldBack::concerns(&self.command())
    }

    /// The order.
    pub fn command(&self) -> Command {
        match self {
            Self::Retry(one) => Command::Retry(one.id),
            Self::MarkDelivered(one) => Command::MarkDelivered(one.id),
            Self::Cancel(one) => Command::Cancel(one.id),
            Self::Undo(one) => Command::Undo(one.id),
            Self::Resend(row) => Command::Resend(row.seq),
        }
    }

    /// What is known of the world outside, in a sentence.
    pub fn known(&self) -> Option<(Evidence, &'static str)> {
        let evidence = self.delivery()?.evidence;
        let says = match evidence {
            Evidence::NotDone => "No attempt has moved the ticket.",
            Evidence::Unknown => "An attempt may have moved the ticket: look at the platform first.",
            Evidence::Done => "The ticket has been moved.",
        };
        Some((evidence, says))
    }
}
