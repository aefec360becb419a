//! The whole log of a job's build, page by page.

use axum::{
    Extension,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::Response,
};
use url::form_urlencoded;

use super::reply::{failed, html, missing, starting, with};
use crate::{
    aws::AwsError,
    engine::LogReader,
    http::{
        Pages,
        access::Right,
        page::job::{LINES, whole as view},
    },
    job::reference::{Reference, segment},
};

/// The most lines that are read of one log.
const MOST: usize = 2_000_000;

/// The lines `from` to `to` of a log; at most one page.
pub(super) async fn whole(
    State(pages): State<Pages>,
    Extension(right): Extension<Right>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let number = |wanted: &str| {
        let found = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == wanted);
        found.and_then(|(_, value)| value.parse::<usize>().ok())
    };
    let first = number("from").unwrap_or(1).clamp(1, MOST);
    let count = number("to").map_or(LINES, |to| (to + 1).saturating_sub(first)).clamp(1, LINES);
    let Some(console) = pages.vitals.console() else { return starting() };
    let Ok(name) = Reference::parse(&id) else { return missing() };
    let read = match console.log(&name, false).await {
        Ok(Some(reader)) => lines(reader, first, count).await,
        // A job that is held may have no log yet. An unknown job has none.
        Ok(None) if console.named(&name).await.is_ok_and(|detail| detail.is_none()) => return missing(),
        Ok(None) => Ok((Vec::new(), true)),
        Err(error) => Err(error),
    };
    match read {
        Ok((lines, last)) => with(&pages, right, |scene| html(StatusCode::OK, &view(&name.to_string(), first, &lines, last), scene)),
        Err(error) => failed(&pages, right, "The log could not be read", &error, &format!("/jobs/{}", segment(&name.to_string()))),
    }
}

/// At most so many lines from the first one on, and whether the log ends with them.
async fn lines(mut reader: LogReader, first: usize, count: usize) -> Result<(Vec<String>, bool), AwsError> {
    let (mut wanted, mut at) = (Vec::new(), 1);
    while let Some(lines) = reader.next().await? {
        for line in lines {
            if at >= first + count {
                return Ok((wanted, false));
            }
            if at >= first {
                wanted.push(line);
            }
            at += 1;
        }
        if at > MOST {
            break;
        }
    }
    Ok((wanted, true))
}
