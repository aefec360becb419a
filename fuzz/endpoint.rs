//! What holds for any calls of the embedded endpoint, whatever they say: shared by the fuzz target and the property test in
//! `crates/localaws/src/endpoint/hostile.rs`.

use std::{str, sync::Arc};

use bytes::Bytes;
use http::Request;
use localaws::{
    LocalAws, Options,
    clock::Clock,
    runner::scripted::{Script, Scripted},
};

/// What is there before the calls, in their form.
const PRELUDE: &str = r#"AmazonSQS.CreateQueue
{"QueueName":"q"}

AmazonSQS.SendMessage
{"QueueUrl":"q","MessageBody":"x"}


Action=CreateTopic&Version=2010-03-31&Name=t


Action=Subscribe&Version=2010-03-31&TopicArn=arn:aws:sns:us-east-1:000000000000:t&Protocol=sqs&Endpoint=arn:aws:sqs:us-east-1:000000000000:q

CodeBuild_20161006.CreateProject
{"name":"project","source":{"type":"NO_SOURCE","buildspec":"version: 0.2"},"artifacts":{"type":"NO_ARTIFACTS"},"environment":{"type":"LINUX_CONTAINER","image":"x","computeType":"BUILD_GENERAL1_SMALL"},"serviceRole":"arn:aws:iam::000000000000:role/r"}

Logs_20140328.CreateLogGroup
{"logGroupName":"g"}"#;

/// Makes the calls, each a line with its target (empty for the query protocol) and a body, with an empty line between them; gives their
/// statuses. Panics when one is not answered by success or by an error that is the caller's.
pub(crate) fn check(calls: &str) -> Vec<u16> {
    // On a paused clock a long poll is over at once.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(async {
        let clock = Clock::system();
        let aws = LocalAws::new(Options::new(clock, Arc::new(Scripted::new(|_| Script::succeeds()).with_clock(clock))));
        for call in PRELUDE.split("\n\n") {
            assert_eq!(answer(&aws, call).await, 200, "{call}");
        }
        let mut statuses = Vec::new();
        for call in calls.split("\n\n").take_while(|call| !calls_out(call)) {
            statuses.push(answer(&aws, call).await);
        }
        assert_eq!(answer(&aws, "AmazonSQS.ListQueues\n{}").await, 200, "the endpoint goes on");
        statuses
    })
}

/// Whether a call would have the endpoint call others.
fn calls_out(call: &str) -> bool {
    form_urlencoded::parse(call.as_bytes()).any(|(_, value)| value.starts_with("http"))
}

async fn answer(aws: &LocalAws, call: &str) -> u16 {
    let (target, body) = call.split_once('\n').unwrap_or(("", call));
    let request = Request::post("/").header("authorization", "any");
    let request = if target.is_empty() { request } else { request.header("x-amz-target", target) };
    // Not every line can be a header.
    let Ok(request) = request.body(Bytes::copy_from_slice(body.as_bytes())) else { return 400 };
    let answer = aws.handle(request).await.expect("no faults, no cut connections");
    let status = answer.status().as_u16();
    assert!(status < 500, "{status} to {call:.500}");
    let text = str::from_utf8(answer.body()).expect("answers are text");
    let is_json = answer.headers()["content-type"].as_bytes().starts_with(b"application/x-amz-json");
    if is_json {
        serde_json::from_str::<serde_json::Value>(text).expect("an answer in JSON");
    } else {
        let forbidden = |character: char| matches!(character, '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
        assert!(text.starts_with('<') && text.ends_with('>') && !text.contains(forbidden), "{text:.500}");
    }
    status
}
