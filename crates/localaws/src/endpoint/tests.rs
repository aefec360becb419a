//! The wire, as clients see it, and what fault injection does to it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::VecDeque, future::Future, pin::Pin, time::Duration};

use http::HeaderMap;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use super::*;
use crate::{
    codebuild::progress::Progress,
    runner::{Assignment, Ending},
};

#[derive(Debug)]
struct NoBuilds;

impl Runner for NoBuilds {
    fn run(&self, _: Assignment, _: Progress) -> Pin<Box<dyn Future<Output = Ending> + Send>> {
        Box::pin(async { Ending::Fault })
    }
}

fn endpoint(faults: Option<Arc<dyn Faults>>) -> LocalAws {
    LocalAws::new(Options { faults, ..Options::new(Clock::system(), Arc::new(NoBuilds)) })
}

async fn post(aws: &LocalAws, headers: &[(&str, &str)], body: &str) -> Result<(u16, HeaderMap, String), Dropped> {
    let mut request = Request::post("/");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (head, body) = aws.handle(request.body(Bytes::from(body.to_owned())).unwrap()).await?.into_parts();
    Ok((head.status.as_u16(), head.headers, String::from_utf8(body.to_vec()).unwrap()))
}

async fn sqs(aws: &LocalAws, operation: &str, input: Value) -> Result<(u16, HeaderMap, Value), Dropped> {
    let target = format!("AmazonSQS.{operation}");
    let (status, headers, body) = post(aws, &[("x-amz-target", &target), ("host", "aws.local:99")], &input.to_string()).await?;
    Ok((status, headers, serde_json::from_str(&body).unwrap()))
}

#[tokio::test(start_paused = true)]
async fn sqs_speaks_json_and_names_its_errors_twice() {
    let aws = endpoint(None);
    let (status, headers, body) = sqs(&aws, "CreateQueue", json!({ "QueueName": "q" })).await.unwrap();
    assert_eq!(
        (status, &headers["content-type"], headers.contains_key("x-amzn-requestid")),
        (200, &"application/x-amz-json-1.0".parse().unwrap(), true)
    );
    assert_eq!(body["QueueUrl"], "http://aws.local:99/000000000000/q");

    for (operation, input, kind, legacy) in [
        (
            "GetQueueUrl",
            json!({ "QueueName": "x" }),
            "com.amazonaws.sqs#QueueDoesNotExist",
            "AWS.SimpleQueueService.NonExistentQueue;Sender",
        ),
        ("SendMessage", json!({ "QueueUrl": "q" }), "com.amazon.coral.service#MissingParameterException", "MissingParameter;Sender"),
        ("Dance", json!({}), "com.amazon.coral.service#UnknownOperationException", "UnknownOperationException;Sender"),
    ] {
        let (status, headers, body) = sqs(&aws, operation, input).await.unwrap();
        assert_eq!((status, &body["__type"], &headers["x-amzn-query-error"]), (400, &json!(kind), &legacy.parse().unwrap()), "{operation}");
        assert!(body["message"].is_string());
    }
    let (status, _, body) = post(&aws, &[("x-amz-target", "AmazonSQS.ListQueues")], "not json").await.unwrap();
    assert_eq!((status, body.contains("SerializationException")), (400, true));
    let (status, _, body) = post(&aws, &[("x-amz-target", "Teapot_20200101.Brew")], "{}").await.unwrap();
    assert_eq!((status, body.contains("UnknownOperationException")), (400, true));
}

#[tokio::test(start_paused = true)]
async fn sns_and_sts_speak_forms_and_xml() {
    let aws = endpoint(None);
    let (status, headers, body) = post(&aws, &[], "Action=GetCallerIdentity&Version=2011-06-15").await.unwrap();
    assert_eq!((status, &headers["content-type"]), (200, &"text/xml".parse().unwrap()));
    let result = "<GetCallerIdentityResult><Account>000000000000</Account><Arn>arn:aws:iam::000000000000:root</Arn>\
                  <UserId>000000000000</UserId></GetCallerIdentityResult>";
    assert!(body.starts_with(r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">"#), "{body}");
    assert!(body.contains(result), "{body}");

    // Any text comes back in well-formed XML; what XML cannot hold comes back as U+FFFD.
    let name = "<&>\"'\u{1}\r\n\u{85}\u{fffe}é🚢";
    let form: String = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("Action", "CreateTopic"),
            ("Version", "2010-03-31"),
            ("Name", "t"),
            ("Attributes.entry.1.key", "DisplayName"),
            ("Attributes.entry.1.value", name),
        ])
        .finish();
    let (status, _, body) = post(&aws, &[], &form).await.unwrap();
    assert_eq!((status, body.contains("<TopicArn>arn:aws:sns:us-east-1:000000000000:t</TopicArn>")), (200, true), "{body}");
    let get = "Action=GetTopicAttributes&Version=2010-03-31&TopicArn=arn:aws:sns:us-east-1:000000000000:t";
    let (_, _, body) = post(&aws, &[], get).await.unwrap();
    let entry = "<entry><key>DisplayName</key><value>&lt;&amp;&gt;&quot;'\u{fffd}&#xD;\n&#x85;\u{fffd}é🚢</value></entry>";
    assert!(body.contains(entry), "{body}");

    // Without a version, the signature's scope tells the service.
    let scope = "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/sns/aws4_request, SignedHeaders=host, Signature=0";
    let (status, ..) = post(&aws, &[("authorization", scope)], "Action=ListTopics").await.unwrap();
    assert_eq!(status, 200);

    for (form, expected, code) in [
        ("Action=Publish&Version=2010-03-31&Message=x&TopicArn=arn:aws:sns:us-east-1:000000000000:none", 404, "NotFound"),
        ("Action=Dance&Version=2010-03-31", 400, "InvalidAction"),
        ("Action=SendMessage&Version=2012-11-05", 400, "InvalidAction"),
        ("", 400, "MissingAction"),
    ] {
        let (status, headers, body) = post(&aws, &[], form).await.unwrap();
        assert_eq!((status, headers.contains_key("x-amzn-requestid")), (expected, true), "{form}");
        assert!(body.starts_with("<ErrorResponse xmlns=") && body.contains(&format!("<Type>Sender</Type><Code>{code}</Code>")), "{body}");
    }
}

/// Faults in the order in which they strike, before or after calls.
#[derive(Debug, Default)]
struct Script {
    before: Mutex<VecDeque<Option<Fault>>>,
    after: Mutex<VecDeque<Option<Fault>>>,
}

impl Faults for Script {
    fn before(&self, _: &str, _: &str) -> Option<Fault> {
        self.before.lock().unwrap().pop_front().flatten()
    }

    fn after(&self, _: &str, _: &str) -> Option<Fault> {
        self.after.lock().unwrap().pop_front().flatten()
    }
}

#[tokio::test(start_paused = true)]
async fn faults_strike_before_or_after_the_operation() {
    let script = Arc::new(Script::default());
    let faults: Arc<dyn Faults> = Arc::clone(&script) as _;
    let aws = endpoint(Some(faults));
    sqs(&aws, "CreateQueue", json!({ "QueueName": "q" })).await.unwrap();
    let send = json!({ "QueueUrl": "q", "MessageBody": "x" });
    let throttled = || Fault::Error(ApiError::new("RequestThrottled", "slow down"));
    // Whether the fault strikes before, the fault, and how many messages were sent in the end.
    for (before, fault, sent) in [(true, throttled(), 0), (false, throttled(), 1), (true, Fault::Drop, 1), (false, Fault::Drop, 2)] {
        let drop = matches!(fault, Fault::Drop);
        if before { &script.before } else { &script.after }.lock().unwrap().push_back(Some(fault));
        match sqs(&aws, "SendMessage", send.clone()).await {
            Err(Dropped) => assert!(drop),
            Ok((status, _, body)) => assert_eq!((status, &body["__type"]), (400, &json!("com.amazonaws.sqs#RequestThrottled"))),
        }
        let asked = json!({ "QueueUrl": "q", "AttributeNames": ["ApproximateNumberOfMessages"] });
        let (_, _, counted) = sqs(&aws, "GetQueueAttributes", asked).await.unwrap();
        assert_eq!(counted["Attributes"]["ApproximateNumberOfMessages"], sent.to_string());
    }

    script.before.lock().unwrap().push_back(Some(Fault::Delay(Duration::from_secs(9))));
    let begin = Instant::now();
    assert_eq!(sqs(&aws, "ListQueues", json!({})).await.unwrap().0, 200);
    assert_eq!(begin.elapsed(), Duration::from_secs(9));
    script.before.lock().unwrap().push_back(Some(Fault::Hang));
    assert!(timeout(Duration::from_hours(24), sqs(&aws, "ListQueues", json!({}))).await.is_err());

    let calls = aws.calls();
    assert_eq!((calls["sqs.SendMessage"], calls["sqs.ListQueues"]), (4, 2));
}
