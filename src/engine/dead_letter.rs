//! Dead letters as people handle them: looked at, moved back, deleted. A queue cannot be browsed, only received from: each look hides the
//! messages for as long as it takes, and gives them back.

mod desk;
mod hold;
mod reading;
mod selection;

pub use self::{
    desk::{Desk, Error, Look},
    selection::{Done, Refused, Selection},
};
