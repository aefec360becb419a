//! SNS: topics and subscriptions, with SNS's rules, limits and error texts.

mod error;
#[cfg(feature = "data")]
mod load;
mod model;
mod operation;
mod row;
mod state;

use std::sync::{Arc, Mutex};

use crate::{
    clock::Clock,
    journal::{Held, Journal},
    sns::state::State,
    sqs::Sqs,
};

/// The service.
#[derive(Debug)]
pub(crate) struct Sns {
    clock: Clock,
    region: String,
    account: String,
    /// Where the subscribed queues are. Its lock may be taken while this one is held, but never the other way round.
    sqs: Arc<Sqs>,
    /// Held briefly, and never across an await.
    state: Mutex<State>,
    /// Records changes of the state, except those that are stored together with a delivery.
    journal: Journal,
}

impl Sns {
    /// An SNS without topics, which delivers to the queues of `sqs`.
    pub(crate) fn new(clock: Clock, region: String, account: String, sqs: Arc<Sqs>) -> Self {
        Self { clock, region, account, sqs, state: Mutex::default(), journal: Journal::default() }
    }

    /// The same service, with its changes recorded in `journal`.
    pub(crate) fn kept_by(self, journal: &Journal) -> Self {
        Self { journal: journal.fork(), ..self }
    }

    fn state(&self) -> Held<'_, State> {
        Held::new(&self.state, &self.journal)
    }
}

#[cfg(test)]
mod tests;
