//! `POST jobs`: a job that the daemon would accept goes on its queue.

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ROOT, console, no_parameters};
use crate::{
    engine::{SubmitError, Submitted},
    http::{Pages, body, problem::Problem},
    job::{reference::segment, trace},
};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// A job that is on the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Accepted {
    /// The job's id: the sender's, else the message's.
    pub id: String,
    /// SQS's id of the message.
    pub message_id: String,
    /// The queue's name.
    pub queue: String,
}

pub(super) async fn submit(State(pages): State<Pages>, uri: Uri, request: Request) -> Result<Response, Problem> {
    no_parameters(&uri)?;
    let console = console(&pages)?;
    let traceparent = request.headers().get(TRACEPARENT).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let traceparent = trace::traceparent(traceparent.as_ref(), None);
    let body = body::text(request).await?;
    let Submitted { id, message_id, queue } = console.submit(&body, traceparent.as_deref()).await.map_err(|error| match error {
        SubmitError::Rejected(problems) => {
            let detail = "the message is no valid job: `problems` says what is wrong where";
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "job-rejected", detail).with(problems)
        }
        SubmitError::Full(problems) => {
            let detail = "as many jobs of the tenant wait as may: send it again later";
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "tenant-queue-full", detail).with(problems)
        }
        SubmitError::NotSent(error) => error.into(),
    })?;
    let location = HeaderValue::try_from(format!("{ROOT}/jobs/{}", segment(&id))).ok();
    let mut response = (StatusCode::ACCEPTED, Json(Accepted { id, message_id, queue })).into_response();
    response.headers_mut().extend(location.map(|location| (header::LOCATION, location)));
    Ok(response)
}
