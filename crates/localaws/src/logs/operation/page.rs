//! How much one page holds.

use crate::{api::ApiError, logs::error::invalid};

/// Events on one page: AWS's limit.
pub(super) const PAGE: usize = 10_000;
/// Bytes on one page, 26 for each event included: AWS's limit.
pub(super) const PAGE_BYTES: usize = 1024 * 1024;

/// A page's size: the one asked for, within the bounds, or the largest.
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
