//! The stream of changes.

use super::*;

#[tokio::test(start_paused = true)]
async fn changes_are_streamed_and_resumed_after_the_last_event() {
    let mut world = world(|_| Script::succeeds().taking(Duration::from_mins(1))).start().await;
    let router = open(&world);
    let listen = async |last: Option<&str>| {
        let mut request = Request::get("/api/v1/events").header("host", "localhost");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        response.into_body().into_data_stream()
    };
    let mut events = listen(None).await;
    let mut heard: Vec<(u64, String, Value)> = Vec::new();
    world.submit(&job("app-1")).await;
    while heard.last().is_none_or(|(_, _, job)| job["state"] != "ended") {
        heard.extend(event(&events.next().await.unwrap().unwrap()));
    }
    let states: Vec<_> = heard.iter().map(|(_, _, job)| job["state"].as_str().unwrap()).collect();
    let order: Vec<_> = states.iter().fold(Vec::new(), |mut seen, state| {
        if seen.last() != Some(state) {
            seen.push(*state);
        }
        seen
    });
    assert_eq!(order, ["waiting", "running", "reporting", "ended"]);
    assert!(heard.windows(2).all(|pair| pair[0].0 < pair[1].0) && heard.iter().all(|(_, name, _)| name == "job"));

    // After the first event, all others are sent again.
    let mut again = listen(Some(&heard[0].0.to_string())).await;
    for expected in &heard[1..] {
        assert_eq!(event(&again.next().await.unwrap().unwrap()).as_ref(), Some(expected));
    }
    // The id is of another process, so what was missed is unknown.
    let mut lost = listen(Some("17")).await;
    assert_eq!(event(&lost.next().await.unwrap().unwrap()).unwrap().1, "missed");
    world.end().await;
}

/// The id, name and data of an event. `None`: a keep-alive.
fn event(bytes: &[u8]) -> Option<(u64, String, Value)> {
    let text = std::str::from_utf8(bytes).unwrap();
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    Some((field("id")?.parse().unwrap(), field("event")?.to_owned(), serde_json::from_str(field("data")?).unwrap()))
}
