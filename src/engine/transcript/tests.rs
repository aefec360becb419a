#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{ops::Range, sync::Arc};

use jiff::Timestamp;
use localaws::{
    LocalAws, Options,
    runner::scripted::{Script, Scripted},
};
use serde_json::json;
use tokio_util::bytes::Bytes;

use super::{
    failure::MARGIN,
    reading::{TAIL, WINDOW},
    *,
};
use crate::{aws::Clients, job::build::Phase};

const BEGAN: &str = "2026-11-22T10:00:00Z";
const SETTLE: Duration = Duration::from_secs(10);
/// Lines on a page here.
const PAGE: usize = 5;
const FAILED: &str = "[Container] 2026/11/22 10:00:00.000000 Phase complete: BUILD State: FAILED";
const CLOSED: &str = "[Container] 2026/11/22 10:00:00.000000 Phase complete: UPLOAD_ARTIFACTS State: SUCCEEDED";
const LAST: &str = "[Container] 2026/11/22 10:00:00.000000 Phase context status code:  Message:";

/// A log whose lines are numbered, and the endpoint that keeps it.
struct Written {
    aws: LocalAws,
    transcripts: Transcripts,
    began: Timestamp,
}

/// Writes `lines` lines, so many within each millisecond; the numbered one tells of a failure, the last closes the log.
async fn written(lines: usize, in_a_millisecond: usize, failure: Option<usize>) -> Written {
    let began: Timestamp = BEGAN.parse().unwrap();
    let clock = localaws::clock::Clock::starting_at(began.into());
    let aws = LocalAws::new(Options::new(clock, Arc::new(Scripted::new(|_| Script::succeeds()))));
    let clients = Clients::for_endpoint("http://127.0.0.1:4566", "us-east-1", localaws::connector::client(&aws));
    let written = Written { aws, transcripts: Transcripts::new(clients.logs().in_pages_of(PAGE), SETTLE), began };
    written.call("CreateLogGroup", json!({ "logGroupName": "g" })).await;
    written.call("CreateLogStream", json!({ "logGroupName": "g", "logStreamName": "s" })).await;
    written
        .put(0..lines, in_a_millisecond, |number| match number {
            _ if number + 1 == lines => CLOSED,
            _ if Some(number) == failure => FAILED,
            _ => "",
        })
        .await;
    written
}

/// What was read: the lines' numbers, `None` for a gap.
type Pieces = Vec<Option<usize>>;

impl Written {
    async fn call(&self, operation: &str, input: serde_json::Value) {
        let request = http::Request::post("http://127.0.0.1:4566/")
            .header("authorization", "any")
            .header("x-amz-target", format!("Logs_20140328.{operation}"));
        let answer = self.aws.handle(request.body(Bytes::from(input.to_string())).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 200, "{answer:?}");
    }

    /// Writes more lines, each with its words.
    async fn put(&self, lines: Range<usize>, in_a_millisecond: usize, words: impl Fn(usize) -> &'static str) {
        for numbers in lines.collect::<Vec<_>>().chunks(1000) {
            let event = |&number: &usize| {
                let at = self.began.as_millisecond() + i64::try_from(number / in_a_millisecond).unwrap();
                json!({ "timestamp": at, "message": format!("{} {number:06}\n", words(number)) })
            };
            let events: Vec<_> = numbers.iter().map(event).collect();
            self.call("PutLogEvents", json!({ "logGroupName": "g", "logStreamName": "s", "logEvents": events })).await;
        }
    }

    /// Reads it as the log of a build whose BUILD failed so many milliseconds after the log's beginning.
    async fn read(&self, failed_ms: Option<usize>) -> (Pieces, End) {
        let ended_at = failed_ms.map(|millis| self.began + Duration::from_millis(millis.try_into().unwrap()) - MARGIN);
        let phase = |ended_at| Phase {
            name: "BUILD".into(),
            status: Some("FAILED".into()),
            ended: Some(crate::job::moment::Moment::from(ended_at)),
            ..Phase::default()
        };
        let upload = Phase { name: "UPLOAD_ARTIFACTS".into(), status: Some("SUCCEEDED".into()), ..Phase::default() };
        let build = Build { phases: ended_at.map(phase).into_iter().chain([upload]).collect(), ..Build::default() };
        self.read_of(&build, Wanted::Failure).await
    }

    async fn read_of(&self, build: &Build, wanted: Wanted) -> (Pieces, End) {
        let location = LogLocation { group: "g".into(), stream: "s".into(), url: None };
        let mut pieces = Vec::new();
        let take = |piece: Piece<'_>| match piece {
            Piece::Line(line) => pieces.push(Some(line[line.len() - 6..].parse().unwrap())),
            Piece::Gap => pieces.push(None),
        };
        let end = self.transcripts.read(build, &location, wanted, take).await.unwrap();
        (pieces, end)
    }

    fn calls(&self) -> u64 {
        self.aws.calls()["logs.GetLogEvents"]
    }
}

/// The stretches that were read, as first and last line. Panics unless every line is there once, in order, or told as a gap.
fn stretches(pieces: &Pieces) -> Vec<(usize, usize)> {
    let mut stretches: Vec<(usize, usize)> = Vec::new();
    let mut gap = true;
    for piece in pieces {
        match (piece, stretches.last_mut()) {
            (None, _) => gap = true,
            (Some(line), Some(last)) if !gap => {
                assert_eq!(*line, last.1 + 1, "without a gap");
                last.1 = *line;
            }
            (Some(line), last) => {
                assert!(last.is_none_or(|last| *line > last.1 + 1), "line {line} after a gap");
                stretches.push((*line, *line));
                gap = false;
            }
        }
    }
    stretches
}

/// That nothing follows is known where CodeBuild's very last line is there; else a further read tells.
#[tokio::test(start_paused = true)]
async fn a_read_that_brings_the_very_last_line_is_the_last() {
    for (last, calls) in [(LAST, 1), ("", 2)] {
        let log = written(0, 1, None).await;
        log.put(0..4, 1, |number| [FAILED, "", CLOSED, last][number]).await;
        assert_eq!((log.read(Some(0)).await, log.calls()), (((0..4).map(Some).collect(), End::Seen), calls), "{last:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn of_a_success_the_end_is_read_in_one_call() {
    for (lines, begin) in [(3, 0), (PAGE, 0), (4 * PAGE, 3 * PAGE)] {
        let log = written(lines, 1, None).await;
        let (pieces, end) = log.read_of(&Build::default(), Wanted::Close { lines: 2 }).await;
        let gap = (lines >= PAGE).then_some(None);
        let expected: Pieces = gap.into_iter().chain((begin..lines).map(Some)).collect();
        assert_eq!((pieces, end, log.calls()), (expected, End::Seen, 1), "{lines} lines");
    }
    // The end comes late, and the line after it later still, which nobody needs.
    let log = written(0, 1, None).await;
    log.put(0..1, 1, |_| "").await;
    log.aws.logs().set_ingestion_delay(Duration::from_secs(2));
    log.put(1..3, 1, |number| if number == 2 { CLOSED } else { "" }).await;
    let (pieces, end) = log.read_of(&Build::default(), Wanted::Close { lines: 2 }).await;
    assert_eq!((stretches(&pieces), end), (vec![(0, 2)], End::Seen));
    assert!(log.calls() <= 5, "{} calls", log.calls());
}

#[tokio::test(start_paused = true)]
async fn a_log_of_some_pages_is_read_as_a_whole_and_no_call_is_wasted() {
    for (lines, calls) in [(1, 2), (PAGE, 2), (3 * PAGE, 4), (9 * PAGE, 10)] {
        let log = written(lines, 1, Some(2)).await;
        let (pieces, end) = log.read(Some(3)).await;
        assert_eq!((stretches(&pieces), end, log.calls()), (vec![(0, lines - 1)], End::Seen, calls), "{lines} lines");
    }
}

/// The windows meet or overlap, whatever the clock's grain: nothing is doubled, and no gap told where there is none.
#[tokio::test(start_paused = true)]
async fn windows_that_meet_are_joined_without_a_seam() {
    let head = HEAD * PAGE;
    for lines in [head - 1, head, head + 1, head + PAGE, head + 2 * PAGE - 7, head + 4 * PAGE] {
        for in_a_millisecond in [1, 7, 3 * PAGE, 100_000] {
            for failure in [None, Some(head - 1), Some(head), Some(lines - 3)] {
                let log = written(lines, in_a_millisecond, failure).await;
                let (pieces, end) = log.read(failure.map(|at| at / in_a_millisecond + 1)).await;
                let read = stretches(&pieces);
                let context = format!("{lines} lines, {in_a_millisecond} in a millisecond, failed at {failure:?}: {read:?}");
                assert_eq!((read[0].0, read[read.len() - 1].1, end), (0, lines - 1, End::Seen), "{context}");
                let at_end = failure.is_some_and(|at| at + 3 == lines);
                let whole = lines <= head + TAIL * PAGE || (at_end && lines - 2 <= head + WINDOW * PAGE);
                assert!(read.len() == 1 || !whole, "{context}");
                // Counting what a crowded millisecond has is dearer, and bounded too.
                assert!(log.calls() <= if in_a_millisecond < PAGE { 28 } else { 50 }, "{context}: {} calls", log.calls());
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn of_a_long_log_the_beginning_the_failure_and_the_end_are_read() {
    let lines = 60 * PAGE;
    for in_a_millisecond in [1, 7] {
        for failure in [30 * PAGE, 31 * PAGE - 1, 50 * PAGE + 3] {
            // The window may well begin some pages after the failure.
            for later in [0, PAGE, 5 * PAGE] {
                let log = written(lines, in_a_millisecond, Some(failure)).await;
                let (pieces, end) = log.read(Some((failure + later) / in_a_millisecond + 1)).await;
                let read = stretches(&pieces);
                let context = format!("{in_a_millisecond} in a millisecond, failed at {failure}, {later} lines later: {read:?}");
                assert_eq!((read[0], read[read.len() - 1].1, end), ((0, HEAD * PAGE - 1), lines - 1, End::Seen), "{context}");
                assert!(read[read.len() - 1].0 <= lines - PAGE, "{context}");
                let window = read.iter().find(|(from, to)| (from..=to).contains(&&failure));
                assert!(window.is_some_and(|(from, _)| from + (WINDOW - 1) * PAGE <= failure), "{context}");
                assert!(log.calls() <= 28, "{context}: {} calls", log.calls());
            }
        }
    }
}

/// Nobody can tell what of a millisecond is known when it was begun in its midst.
#[tokio::test(start_paused = true)]
async fn of_a_long_log_within_one_millisecond_nothing_is_doubled() {
    let lines = 60 * PAGE;
    for failure in [15 * PAGE, 31 * PAGE - 1, 59 * PAGE] {
        let log = written(lines, lines, Some(failure)).await;
        let (pieces, end) = log.read(Some(1)).await;
        assert_eq!((stretches(&pieces)[0], end), ((0, HEAD * PAGE - 1), End::Seen), "failed at {failure}");
        assert!(pieces.len() > (HEAD + WINDOW) * PAGE, "failed at {failure}");
    }
}

#[tokio::test(start_paused = true)]
async fn late_lines_of_a_long_log_are_waited_for_before_it_is_read() {
    let lines = 20 * PAGE;
    let log = written(0, 1, None).await;
    log.put(0..lines, 1, |_| "").await;
    log.aws.logs().set_ingestion_delay(Duration::from_secs(5));
    log.put(lines..lines + 3 * PAGE, 1, |number| match number - lines {
        PAGE => FAILED,
        last if last + 1 == 3 * PAGE => CLOSED,
        _ => "",
    })
    .await;
    let (pieces, end) = log.read(Some(lines + PAGE + 1)).await;
    assert_eq!((stretches(&pieces).last(), end), (Some(&(lines + PAGE - WINDOW * PAGE + 1, lines + 3 * PAGE - 1)), End::Seen));
}

#[tokio::test(start_paused = true)]
async fn a_log_without_its_closing_words_and_one_that_is_not_there_are_told_apart() {
    let log = written(0, 1, None).await;
    let close = Wanted::Close { lines: 2 };
    assert_eq!(log.read(None).await, (vec![], End::Unseen));
    assert_eq!(log.read_of(&Build::default(), close).await, (vec![], End::Unseen));
    log.call("DeleteLogStream", json!({ "logGroupName": "g", "logStreamName": "s" })).await;
    assert_eq!(log.read(None).await, (vec![], End::NoStream));
    assert_eq!(log.read_of(&Build::default(), close).await, (vec![], End::NoStream));
}
