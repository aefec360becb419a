//! Which dead letters a request is for, and what became of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job::{
    problem::Problem,
    standing::{DeadLetter, DeadLetterKind},
};

/// Which dead letters. Every field that is given must match.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Selection {
    /// SQS's ids of the messages. Empty: any.
    pub ids: Vec<String>,
    /// Why they are there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "DeadLetterKind")]
    pub kind: Option<DeadLetterKind>,
    /// A part of the text or of the path of one of their problems.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub problem: Option<String>,
    /// The name of the dead-letter queue, or of a jobs queue that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub queue: Option<String>,
    /// Selects all dead letters when no other field is given.
    pub all: bool,
    /// Whether to move back even those that would be rejected again.
    pub force: bool,
}

/// What became of the dead letters that were meant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Done {
    /// Ids of those that were moved back or deleted.
    pub done: Vec<String>,
    /// Those that stay, each with its reasons.
    pub refused: Vec<Refused>,
    /// Ids that were named and not found.
    pub missing: Vec<String>,
    /// Whether the whole queue was read. If not, there may be more: send the request again.
    pub complete: bool,
}

/// A dead letter that stays where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refused {
    /// SQS's id of the message.
    pub id: String,
    /// Why.
    pub problems: Vec<Problem>,
}

impl Refused {
    pub(super) fn because(id: &str, problem: String) -> Self {
        Self { id: id.to_owned(), problems: vec![Problem { path: String::new(), problem }] }
    }
}

impl Selection {
    /// One dead letter.
    pub fn of(id: &str) -> Self {
        Self { ids: vec![id.to_owned()], ..Self::default() }
    }

    pub(super) fn names(&self, id: &str) -> bool {
        self.ids.is_empty() || self.ids.iter().any(|named| named == id)
    }

    /// Whether the request is for this dead letter.
    pub fn covers(&self, letter: &DeadLetter) -> bool {
        let says = |text: &String| letter.problems.iter().any(|problem| problem.problem.contains(text) || problem.path.contains(text));
        self.names(&letter.id) && self.kind.is_none_or(|kind| kind == letter.kind) && self.problem.as_ref().is_none_or(says)
    }
}
