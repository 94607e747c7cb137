//! The door to the ledger for whoever looks and steers: dashboard, command line, attached consoles.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::watch;

use crate::domain::moment::{Moment, Recalled};
use crate::domain::query::{Answer, Done, Order, Query, Status};

/// A boxed future, so that a door can stand behind a socket as well as in this process.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why a question got no answer or an order was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum DeskError {
    /// The order makes no sense as things stand; the sentence says why and what to do.
    #[error("{0}")]
    Refused(String),
    /// No such event, delivery or request.
    #[error("{0}")]
    NotFound(String),
    /// The ledger or the way to it is broken.
    #[error("{0}")]
    Failed(String),
}

/// What stands behind a [`Handle`].
pub trait Desk: Send + Sync {
    /// Answers a question.
    fn ask(&self, query: Query) -> Pending<'_, Result<Answer, DeskError>>;

    /// Carries an order out; when it answers, the order is on record.
    fn act(&self, order: Order) -> Pending<'_, Result<Done, DeskError>>;

    /// How the program is.
    fn status(&self) -> Pending<'_, Result<Status, DeskError>>;

    /// Ticks with the last sequence number whenever something has changed.
    fn changes(&self) -> watch::Receiver<u64>;

    /// A look at earlier moments, for one who looks.
    ///
    /// # Errors
    /// When they cannot be seen from here.
    fn look_back(&self) -> Result<Arc<dyn Hindsight>, DeskError> {
        Err(DeskError::Refused("earlier moments cannot be seen from here".to_owned()))
    }
}

/// The ledger as it stood at earlier moments. Changes nothing; what it was folded into is gone when this is dropped.
pub trait Hindsight: Send + Sync {
    /// Answers a question as of a moment, or says how far the journal is folded up to there: whoever asks on gets the
    /// answer, whoever does not has stopped the folding.
    fn ask(&self, query: Query, moment: Moment) -> Pending<'_, Result<Recalled<Answer>, DeskError>>;
}

/// A door to the ledger. Cheap to clone.
#[derive(Clone)]
pub struct Handle(Arc<dyn Desk>);

impl Handle {
    /// A door to `desk`.
    pub fn new(desk: impl Desk + 'static) -> Self {
        Self(Arc::new(desk))
    }
}

impl std::ops::Deref for Handle {
    type Target = dyn Desk;

    fn deref(&self) -> &Self::Target {
        self.0.as_ref()
    }
}
