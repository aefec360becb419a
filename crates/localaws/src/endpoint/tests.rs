//! The wire protocols as clients see them, and the effects of injected faults.

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
    let mut request = Request::post("/").header("authorization", "any");
    for (name, value) in headers {
        request.headers_mut().unwrap().insert(http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    ask(aws, request.body(Bytes::from(body.to_owned())).unwrap()).await
}

async fn ask(aws: &LocalAws, request: Request<Bytes>) -> Result<(u16, HeaderMap, String), Dropped> {
    let (head, body) = aws.handle(request).await?.into_parts();
    Ok((head.status.as_u16(), head.headers, String::from_utf8(body.to_vec()).unwrap()))
}

async fn sqs(aws: &LocalAws, operation: &str, input: Value) -> Result<(u16, HeaderMap, Value), Dropped> {
    let target = format!("AmazonSQS.{operation}");
    let (status, headers, body) = post(aws, &[("x-amz-target", &target), ("host", "aws.local:99")], &input.to_string()).await?;
    Ok((status, headers, serde_json::from_str(&body).unwrap()))
}

#[tokio::test(start_paused = true)]
async fn sqs_answers_json_and_names_errors_for_both_protocols() {
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
async fn sns_and_sts_read_forms_and_answer_xml() {
    let aws = endpoint(None);
    let (status, headers, body) = post(&aws, &[], "Action=GetCallerIdentity&Version=2011-06-15").await.unwrap();
    assert_eq!((status, &headers["content-type"]), (200, &"text/xml".parse().unwrap()));
    let result = "<GetCallerIdentityResult><Account>000000000000</Account><Arn>arn:aws:iam::000000000000:root</Arn>\
                  <UserId>000000000000</UserId></GetCallerIdentityResult>";
    assert!(body.starts_with(r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">"#), "{body}");
    assert!(body.contains(result), "{body}");

    // Any text returns in well-formed XML. Characters that XML cannot have return as U+FFFD.
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

    // Without a version, the scope of the signature names the service.
    let scope = "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/sns/aws4_request, SignedHeaders=host, Signature=0";
    let (status, ..) = post(&aws, &[("authorization", scope)], "Action=ListTopics").await.unwrap();
    assert_eq!(status, 200);

    for (form, expected, code) in [
        ("Action=Publish&Version=2010-03-31&Message=x&TopicArn=arn:aws:sns:us-east-1:000000000000:none", 404, "NotFound"),
        ("Action=Dance&Version=2010-03-31", 400, "InvalidAction"),
        ("Action=SendMessage&Version=2012-11-06", 400, "InvalidAction"),
        ("", 400, "MissingAction"),
    ] {
        let (status, headers, body) = post(&aws, &[], form).await.unwrap();
        assert_eq!((status, headers.contains_key("x-amzn-requestid")), (expected, true), "{form}");
        assert!(body.starts_with("<ErrorResponse xmlns=") && body.contains(&format!("<Type>Sender</Type><Code>{code}</Code>")), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_a_post_with_credentials_is_a_call() {
    let aws = endpoint(None);
    let create = "Action=CreateTopic&Version=2010-03-31&Name=web";
    let target = "AmazonSQS.CreateQueue";
    let queue = r#"{"QueueName":"web"}"#;
    let post = || Request::post("/");
    let table = [
        // Requests that a web page can make by images, links and forms, and those of clients without credentials or with credentials in the
        // URL.
        (Request::get(format!("/?{create}")), "", 405, "by POST"),
        (Request::get(format!("/?{create}")).header("authorization", "any"), "", 405, "by POST"),
        (Request::get(format!("/?{create}&X-Amz-Signature=0")), "", 405, "by POST"),
        (Request::put("/").header("authorization", "any").header("x-amz-target", target), queue, 405, "by POST"),
        // A link from a message, with another operation in a header.
        (Request::get("/?Action=Unsubscribe&Version=2010-03-31").header("x-amz-target", "AmazonSQS.ListQueues"), "", 405, "by POST"),
        (post(), create, 403, "AWS_ACCESS_KEY_ID"),
        (post().header("authorization", " "), create, 403, "AWS_ACCESS_KEY_ID"),
        (Request::post(format!("/?{create}&X-Amz-Credential=local")), "", 403, "do not presign"),
        (post().header("x-amz-target", target), queue, 403, "AWS_ACCESS_KEY_ID"),
    ];
    for (request, body, status, words) in table {
        let request = request.body(Bytes::from(body)).unwrap();
        let shown = format!("{request:?}");
        let (answered, _, text) = ask(&aws, request).await.unwrap();
        assert!(answered == status && text.contains(words), "{shown}: {answered} {text}");
    }
    assert_eq!(sqs(&aws, "ListQueues", json!({})).await.unwrap().2, json!({}));
    let (_, _, topics) = self::post(&aws, &[], "Action=ListTopics&Version=2010-03-31").await.unwrap();
    assert!(!topics.contains("web") && aws.calls().len() == 2, "a refused request was counted as a call: {topics}");
}

#[tokio::test(start_paused = true)]
async fn the_links_in_a_message_from_sns_can_be_followed() {
    let aws = endpoint(None);
    let arn = "arn:aws:sns:us-east-1:000000000000:t";
    post(&aws, &[], "Action=CreateTopic&Version=2010-03-31&Name=t").await.unwrap();
    let subscribe = format!("Action=Subscribe&Version=2010-03-31&TopicArn={arn}&Protocol=http&Endpoint=http://127.0.0.1:1/");
    post(&aws, &[], &subscribe).await.unwrap();
    let follow = async |link: String| ask(&aws, Request::get(link).body(Bytes::new()).unwrap()).await.unwrap();
    let confirm = format!("/?Action=ConfirmSubscription&Version=2010-03-31&TopicArn={arn}&Token=guessed");
    let (status, _, body) = follow(confirm).await;
    assert!(status == 400 && body.contains("Token"), "{status} {body}");
    let (status, _, body) = follow(format!("/?Action=Unsubscribe&Version=2010-03-31&SubscriptionArn={arn}:guessed")).await;
    assert_eq!(status, 200, "{body}");
    let (_, _, left) = post(&aws, &[], "Action=ListSubscriptions&Version=2010-03-31").await.unwrap();
    assert!(left.contains("PendingConfirmation"), "{left}");
}

#[tokio::test(start_paused = true)]
async fn sqs_answers_its_older_protocol_too() {
    let aws = endpoint(None);
    let call = async |path: &str, form: &str| {
        let request = Request::post(path).header("authorization", "any").header("host", "aws.local:99");
        let request = request.body(Bytes::from(format!("{form}&Version=2012-11-05"))).unwrap();
        let (status, _, body) = ask(&aws, request).await.unwrap();
        (status, body)
    };
    let made = "Action=CreateQueue&QueueName=q&Attribute.1.Name=VisibilityTimeout&Attribute.1.Value=5&Tag.1.Key=a&Tag.1.Value=b";
    let (status, body) = call("/", made).await;
    let namespace = r#"xmlns="http://queue.amazonaws.com/doc/2012-11-05/""#;
    assert!(
        status == 200 && body.starts_with(&format!("<CreateQueueResponse {namespace}><CreateQueueResult><QueueUrl>http://aws.local:99/")),
        "{body}"
    );
    // The path of the URL names the queue, like a parameter would.
    let send = "Action=SendMessageBatch&SendMessageBatchRequestEntry.1.Id=one&SendMessageBatchRequestEntry.1.MessageBody=%3C1%3E\
                &SendMessageBatchRequestEntry.1.MessageAttribute.1.Name=n&SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType=Number\
                &SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue=7&SendMessageBatchRequestEntry.2.Id=two\
                &SendMessageBatchRequestEntry.2.MessageBody=2&SendMessageBatchRequestEntry.2.DelaySeconds=901";
    let (_, body) = call("/000000000000/q", send).await;
    for part in [
        "<SendMessageBatchResult><BatchResultErrorEntry><Code>InvalidParameterValue</Code><Id>two</Id>",
        "<SendMessageBatchResultEntry><Id>one</Id><MD5OfMessageAttributes>",
    ] {
        assert!(body.contains(part), "{part} {body}");
    }
    let receive = "Action=ReceiveMessage&AttributeName.1=All&MessageAttributeName.1=All&MaxNumberOfMessages=10";
    let (_, body) = call("/000000000000/q", receive).await;
    for part in [
        "<ReceiveMessageResult><Message><Attribute><Name>ApproximateFirstReceiveTimestamp</Name><Value>",
        "<Body>&lt;1&gt;</Body>",
        "<MessageAttribute><Name>n</Name><Value><DataType>Number</DataType><StringValue>7</StringValue></Value></MessageAttribute>",
    ] {
        assert!(body.contains(part), "{part} {body}");
    }
    let (status, body) = call("/", "Action=GetQueueUrl&QueueName=none").await;
    let error = format!("<ErrorResponse {namespace}><Error><Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code>");
    assert!(status == 400 && body.starts_with(&error), "{body}");
    let (_, body) = call("/", "Action=DeleteQueue&QueueUrl=http://aws.local:99/000000000000/q").await;
    assert!(body.starts_with(&format!("<DeleteQueueResponse {namespace}><ResponseMetadata>")), "{body}");
    assert!(call("/", "Action=Dance").await.1.contains("<Code>InvalidAction</Code>"));
}

/// The faults in their order, before or after operations.
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
async fn faults_come_before_or_after_the_operation() {
    let script = Arc::new(Script::default());
    let faults: Arc<dyn Faults> = Arc::clone(&script) as _;
    let aws = endpoint(Some(faults));
    sqs(&aws, "CreateQueue", json!({ "QueueName": "q" })).await.unwrap();
    let send = json!({ "QueueUrl": "q", "MessageBody": "x" });
    let throttled = || Fault::Error(ApiError::new("RequestThrottled", "slow down"));
    // Whether the fault comes before the operation, the fault, and how many messages are sent in the end.
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
