//! The dead-letter queue: rejected messages keep everything, and messages that SQS moved there are reported.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use localaws::runner::scripted::Script;
use serde_json::json;
use slipway::{
    aws::queue::{Attribute, Attributes, Place, Value},
    engine::{
        REASONS,
        dead_letter::{Done, Selection},
    },
    job::standing::DeadLetterKind,
};

use crate::world::{job, world};

#[tokio::test(start_paused = true)]
async fn a_rejected_message_keeps_its_attributes_their_types_and_its_group() {
    let world = world(|_| Script::succeeds()).start().await;
    let number = Attribute { data_type: "Number.int".to_owned(), value: Value::Text("7".to_owned()) };
    let binary = Attribute { data_type: "Binary.png".to_owned(), value: Value::Binary(vec![0, 159, 255]) };
    let mut sent = Attributes::from([("n".to_owned(), number), ("b".to_owned(), binary), ("s".to_owned(), Attribute::string("text"))]);
    let place = Place { group: "team-a".to_owned(), deduplication: String::new() };
    let jobs = world.clients.queue(&world.provision.jobs);
    jobs.send_to(&place, "{}", &sent).await.unwrap();
    world.next_end().await;
    let mut letter = world.dead_letters().await.pop().unwrap();
    assert!(letter.attributes.remove(REASONS).is_some_and(|reasons| reasons.text().unwrap().contains("/version")));
    assert_eq!((letter.attributes, letter.group.as_deref()), (sent.clone(), Some("team-a")));
    // With ten attributes of its own there is no room for ours.
    sent.extend((3..10).map(|n| (format!("a{n}"), Attribute::string("v"))));
    jobs.send(" {}", &sent).await.unwrap();
    world.next_end().await;
    assert_eq!(world.dead_letters().await.pop().unwrap().attributes, sent);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_queue_for_small_messages_gets_no_reasons() {
    let mut world = world(|_| Script::succeeds()).start_without_daemon().await;
    let small = world.create_queue("small", &[(QueueAttributeName::MaximumMessageSize, "1024")]).await;
    world.bury_in(small.url());
    world.start_daemon().await;
    let body = "x".repeat(1020);
    world.submit_text(&body).await;
    world.next_end().await;
    let letter = crate::world::receive(&small, 10).await.pop().unwrap();
    assert_eq!((letter.body, letter.attributes), (body, Attributes::new()));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_received_too_often_is_reported_once_and_stays() {
    let mut world = world(|_| Script::succeeds()).with("SLIPWAY__QUEUES__0__REPORT_DEAD_LETTERS=true").start_without_daemon().await;
    let jobs = world.clients.queue(&world.provision.jobs);
    let dead_letters = world.clients.queue(&world.provision.dead_letters);
    // A message that somebody else sent there: it is not reported.
    dead_letters.send("{}", &Attributes::new()).await.unwrap();
    world.send(&job("app-1").to_string()).await;
    for _ in 0..5 {
        world.hide_message(Duration::ZERO).await;
    }
    assert!(jobs.receive(1, Duration::ZERO, Duration::ZERO).await.unwrap().is_empty(), "SQS moves it");
    world.start_daemon().await;
    let end = world.next_end().await;
    assert_eq!((&end["id"], &end["data"]["status"]), (&json!("app-1/finished"), &json!("errored")));
    assert_eq!((&end["data"]["failure"]["kind"], &end["data"]["failure"]["code"]), (&json!("platform"), &json!("RECEIVED_TOO_OFTEN")));
    tokio::time::sleep(Duration::from_mins(10)).await;
    let mut letters: Vec<_> = world.dead_letters().await;
    letters.extend(world.dead_letters().await);
    letters.sort_by_key(|letter| letter.body.len());
    let kept: Vec<_> = letters.iter().map(|letter| (letter.body.clone(), letter.text(REASONS).is_some())).collect();
    assert_eq!(kept, [("{}".to_owned(), false), (job("app-1").to_string(), true)]);
    // A second report of the first job would come before the next event.
    world.submit(&job("app-2")).await;
    assert_eq!(world.next_end().await["id"], "app-2/finished");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_that_is_valid_now_is_moved_back_with_its_attributes() {
    let mut world = world(|_| Script::succeeds()).start().await;
    let jobs = world.clients.queue(&world.provision.jobs);
    let place = Place { group: "team-a".to_owned(), deduplication: String::new() };
    let sent = Attributes::from([("s".to_owned(), Attribute::string("text"))]);
    let mut nightly = job("nightly-1");
    nightly["profile"] = json!("nightly");
    jobs.send_to(&place, &nightly.to_string(), &sent).await.unwrap();
    jobs.send("no job", &sent).await.unwrap();
    world.next_end().await;
    world.next_end().await;
    let admin = world.controls().dead_letters;
    assert!(admin.last().is_none());
    let look = admin.look().await.unwrap();
    assert!(look.complete && look.letters.iter().all(|letter| letter.kind == DeadLetterKind::Rejected && !letter.acceptable));
    let of = |job: Option<&str>| look.letters.iter().find(|letter| letter.job.as_deref() == job).unwrap().id.clone();
    let (nightly, bad) = (of(Some("nightly-1")), of(None));
    let refused = admin.redrive(Selection::default()).await.unwrap();
    assert_eq!((refused.done.len(), refused.refused.len()), (0, 2), "{refused:?}");
    // The operator corrects the configuration. Of all selected messages, those that are valid now are moved.
    world.add_profile("nightly", "slipway");
    world.read_again().unwrap();
    assert!(admin.look().await.unwrap().letters.iter().any(|letter| letter.id == nightly && letter.acceptable));
    let done = admin.redrive(Selection { problem: Some("profile".to_owned()), ..Selection::default() }).await.unwrap();
    assert_eq!((&done.done, done.refused.len(), done.complete), (&vec![nightly], 0, true));
    assert_eq!(admin.last().unwrap().letters.len(), 1, "moved messages are removed from the last reading");
    assert_eq!(world.next_end().await["id"], "nightly-1/finished");
    // The other one is corrected by hand. It keeps its attributes and loses those with the reasons.
    let edited = admin.redrive_edited(&bad, "still none".to_owned()).await.unwrap();
    assert!(edited.done.is_empty() && edited.refused[0].problems[0].problem.starts_with("is not JSON"));
    let edited = admin.redrive_edited(&bad, job("mended").to_string()).await.unwrap();
    assert_eq!(edited.done, std::slice::from_ref(&bad));
    assert_eq!(world.next_end().await["id"], "mended/finished");
    assert_eq!(admin.delete(Selection::of(&bad)).await.unwrap(), Done { missing: vec![bad], complete: true, ..Done::default() });
    assert!(world.dead_letters().await.is_empty());
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_reading_of_dead_letters_is_bounded_and_hides_them_only_briefly() {
    let world = world(|_| Script::succeeds()).start().await;
    let dead_letters = world.clients.queue(&world.provision.dead_letters);
    for n in 0..1_050 {
        dead_letters.send(&format!("no job {n}"), &Attributes::new()).await.unwrap();
    }
    let admin = world.controls().dead_letters;
    let look = admin.look().await.unwrap();
    assert_eq!((look.letters.len(), look.complete), (1_000, false));
    assert_eq!(dead_letters.receive(1, Duration::ZERO, Duration::ZERO).await.unwrap().len(), 1, "they are given back");
    let (one, other) = tokio::join!(admin.delete(Selection::default()), admin.delete(Selection::default()));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!((one.done.len(), one.complete, other.done.len(), other.complete), (1_000, false, 50, true));
    world.end().await;
}
