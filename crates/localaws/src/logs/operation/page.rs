//! The size of a page.

use crate::{api::ApiError, logs::error::invalid};

/// AWS: the most events on a page.
pub(super) const PAGE: usize = 10_000;
/// AWS: the most bytes on a page, with 26 for each event.
pub(super) const PAGE_BYTES: usize = 1024 * 1024;

/// The size of a page: the one that was requested, if it is valid, else the largest.
pub(super) fn page_size(limit: Option<i64>, most: usize) -> Result<usize, ApiError> {
    let Some(limit) = limit else { return Ok(most) };
    let rule = match usize::try_from(limit) {
        Ok(size) if (1..=most).contains(&size) => return Ok(size),
        Ok(size) if size > most => format!("less than or equal to {most}"),
        _ => "greater than or equal to 1".to_owned(),
    };
    Err(invalid(format!(
        "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must have value {rule}"
    )))
}
