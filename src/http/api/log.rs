//! `GET jobs/{id}/log`: the log of a job's latest build, or of the build that is named, as plain text.

use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    http::{Uri, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use super::{console, job, job_name, parameters, stream_place};
use crate::{
    aws::AwsError,
    engine::LogReader,
    http::{Pages, filter::wrong, problem::Problem},
};

/// A log that is being sent.
struct Sent {
    reader: LogReader,
    /// What has been read and is not sent yet.
    first: Option<Vec<String>>,
    failed: Option<AwsError>,
    stop: CancellationToken,
    _place: OwnedSemaphorePermit,
}

pub(super) async fn log(State(pages): State<Pages>, Path(id): Path<String>, uri: Uri) -> Result<Response, Problem> {
    let follow = match parameters(&uri, &["follow"])?.first().map(|(_, value)| value.as_str()) {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(wrong("follow", "must be true or false")),
    };
    let (console, name) = (console(&pages)?, job_name(&id)?);
    let place = stream_place(&pages)?;
    let Some(mut reader) = console.log(&name, follow).await? else {
        return Err(match console.named(&name).await? {
            Some(_) => Problem::not_found(format!("the job {name} has no build, and so no log")),
            None => job::unknown(&console, &name),
        });
    };
    // What fails at once is told by the status; a log that grows may take its time.
    let first = if follow { None } else { Some(reader.next().await?.unwrap_or_default()) };
    let sent = Sent { reader, first, failed: None, stop: pages.stop.clone(), _place: place };
    let body = Body::from_stream(stream::unfold(Some(sent), |sent| async { next(sent?).await }));
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response())
}

/// The next piece. A log that cannot be read further ends with a line that says so, and then as a broken answer: no reader takes it for the
/// whole.
async fn next(mut sent: Sent) -> Option<(Result<Bytes, AwsError>, Option<Sent>)> {
    if let Some(error) = sent.failed.take() {
        return Some((Err(error), None));
    }
    let lines = match sent.first.take() {
        Some(lines) => Ok(Some(lines)),
        None => sent.stop.clone().run_until_cancelled(sent.reader.next()).await.unwrap_or(Ok(None)),
    };
    match lines {
        Ok(lines) => {
            let mut text = String::new();
            for line in lines? {
                text.push_str(&line);
                text.push('\n');
            }
            Some((Ok(text.into()), Some(sent)))
        }
        Err(error) => {
            let text = format!("… the log cannot be read further: {error} …\n");
            sent.failed = Some(error);
            Some((Ok(text.into()), Some(sent)))
        }
    }
}
