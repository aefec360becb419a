//! `GET events`: what changes, as server-sent events.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, Uri},
    response::{
        IntoResponse,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream;
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use super::{console, no_parameters, stream_place};
use crate::{
    engine::{Change, Subscription, What},
    http::{Pages, problem::Problem},
};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Between two signs of life, so that proxies and readers know that the other side is there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Somebody who listens.
struct Listener {
    subscription: Subscription,
    stop: CancellationToken,
    _place: OwnedSemaphorePermit,
}

pub(super) async fn events(State(pages): State<Pages>, uri: Uri, headers: HeaderMap) -> Result<impl IntoResponse, Problem> {
    no_parameters(&uri)?;
    let console = console(&pages)?;
    // An id that cannot be one of ours says that something was missed.
    let after = headers.get(LAST_EVENT_ID).map(|id| id.to_str().ok().and_then(|id| id.parse().ok()).unwrap_or_default());
    let listener = Listener { subscription: console.subscribe(after), stop: pages.stop.clone(), _place: stream_place(&pages)? };
    let events = stream::unfold(listener, |mut listener| async {
        let stop = listener.stop.clone();
        let change = stop.run_until_cancelled(listener.subscription.next()).await??;
        Some((Ok::<_, Infallible>(event(&change)), listener))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

fn event(change: &Change) -> Event {
    let (name, data) = match &change.what {
        // The shape has text keys only, so it always serialises.
        What::Job(job) => ("job", serde_json::to_string(job).unwrap_or_default()),
        What::Gone(id) => ("gone", json!({ "id": id }).to_string()),
        What::Missed => ("missed", "{}".to_owned()),
    };
    Event::default().event(name).id(change.id.to_string()).data(data)
}
