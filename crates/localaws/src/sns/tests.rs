//! The service, tested by its operations and the queues that it delivers to.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::sleep,
};

use super::*;

struct World {
    sqs: Arc<Sqs>,
    sns: Sns,
}

impl World {
    fn new() -> Self {
        let clock = Clock::system();
        let (region, account) = ("us-east-1".to_owned(), "000000000000".to_owned());
        let sqs = Arc::new(Sqs::new(clock, region.clone(), account.clone()));
        Self { sns: Sns::new(clock, region, account, Arc::clone(&sqs)), sqs }
    }

    fn call(&self, operation: &str, input: Value) -> Value {
        self.sns.call(operation, input, None).unwrap()
    }

    fn code(&self, operation: &str, input: Value) -> String {
        self.sns.call(operation, input, None).unwrap_err().code.into_owned()
    }

    fn topic(&self, name: &str, attributes: &Value) -> String {
        self.call("CreateTopic", json!({ "Name": name, "Attributes": attributes }))["TopicArn"].as_str().unwrap().to_owned()
    }

    /// Creates a queue and subscribes it.
    async fn subscribe(&self, topic: &str, queue: &str, attributes: Value) -> String {
        let fifo = if queue.ends_with("fifo") { json!({ "FifoQueue": "true" }) } else { json!({}) };
        self.sqs.call("CreateQueue", json!({ "QueueName": queue, "Attributes": fifo }), None).await.unwrap();
        let endpoint = format!("arn:aws:sqs:us-east-1:000000000000:{queue}");
        let input = json!({ "TopicArn": topic, "Protocol": "sqs", "Endpoint": endpoint, "Attributes": attributes });
        self.call("Subscribe", input)["SubscriptionArn"].as_str().unwrap().to_owned()
    }

    async fn received(&self, queue: &str) -> Vec<Value> {
        let input = json!({ "QueueUrl": queue, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"] });
        self.sqs.call("ReceiveMessage", input, None).await.unwrap()["Messages"].as_array().cloned().unwrap_or_default()
    }

    async fn bodies(&self, queue: &str) -> Vec<Value> {
        self.received(queue).await.iter().map(|message| message["Body"].clone()).collect()
    }
}

fn text(value: &str) -> Value {
    json!({ "DataType": "String", "StringValue": value })
}

#[tokio::test(start_paused = true)]
async fn a_queue_gets_the_message_in_an_envelope_or_raw() {
    let world = World::new();
    let topic = world.topic("t", &json!({}));
    let arn = world.subscribe(&topic, "wrapped", json!({})).await;
    world.subscribe(&topic, "raw", json!({ "RawMessageDelivery": "true" })).await;
    let published =
        world.call("Publish", json!({ "TopicArn": topic, "Message": "héllo", "Subject": "sub", "MessageAttributes": { "a": text("1") } }));

    let wrapped = world.received("wrapped").await;
    let envelope: Value = serde_json::from_str(wrapped[0]["Body"].as_str().unwrap()).unwrap();
    for (field, expected) in [
        ("Type", json!("Notification")),
        ("MessageId", published["MessageId"].clone()),
        ("TopicArn", json!(topic)),
        ("Subject", json!("sub")),
        ("Message", json!("héllo")),
        ("MessageAttributes", json!({ "a": { "Type": "String", "Value": "1" } })),
    ] {
        assert_eq!(envelope[field], expected, "{field}");
    }
    assert!(envelope["UnsubscribeURL"].as_str().unwrap().ends_with(&arn));
    assert!(envelope["Timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
    assert_eq!(wrapped[0]["MessageAttributes"], Value::Null);

    let raw = world.received("raw").await;
    assert_eq!((&raw[0]["Body"], &raw[0]["MessageAttributes"]), (&json!("héllo"), &json!({ "a": text("1") })));
}

#[tokio::test(start_paused = true)]
async fn a_raw_message_with_more_than_ten_attributes_is_lost_or_dead_lettered() {
    let world = World::new();
    let topic = world.topic("t", &json!({}));
    world.subscribe(&topic, "raw", json!({ "RawMessageDelivery": "true" })).await;
    world.subscribe(&topic, "wrapped", json!({})).await;
    let attributes: serde_json::Map<_, _> = (0..11).map(|number| (format!("a{number}"), text("x"))).collect();
    world.call("Publish", json!({ "TopicArn": topic, "Message": "m", "MessageAttributes": attributes }));
    assert_eq!((world.bodies("raw").await.len(), world.bodies("wrapped").await.len()), (0, 1));

    let policy = json!({ "deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:wrapped" }).to_string();
    let gone = world.subscribe(&topic, "gone", json!({ "RawMessageDelivery": "true", "RedrivePolicy": policy })).await;
    world.sqs.call("DeleteQueue", json!({ "QueueUrl": "gone" }), None).await.unwrap();
    world.call("Publish", json!({ "TopicArn": topic, "Message": "saved" }));
    assert!(world.bodies("wrapped").await.contains(&json!("saved")), "{gone}");
}

#[tokio::test(start_paused = true)]
async fn filter_policies_choose_by_attributes_or_by_body() {
    let world = World::new();
    let topic = world.topic("t", &json!({}));
    let policy = json!({ "n": [{ "numeric": [">", 5] }], "kind": ["x"] }).to_string();
    let arn = world.subscribe(&topic, "attributes", json!({ "RawMessageDelivery": "true", "FilterPolicy": policy })).await;
    let policy = json!({ "data": { "kind": ["x"] } }).to_string();
    let scope = json!({ "RawMessageDelivery": "true", "FilterPolicy": policy, "FilterPolicyScope": "MessageBody" });
    world.subscribe(&topic, "body", scope).await;

    let number = |value: &str| json!({ "DataType": "Number", "StringValue": value });
    let array = json!({ "DataType": "String.Array", "StringValue": "[\"y\", \"x\"]" });
    for (message, attributes) in [
        ("both fit", json!({ "n": number("6"), "kind": text("x") })),
        ("one of a list fits", json!({ "n": number("6"), "kind": array })),
        ("the number is too small", json!({ "n": number("5"), "kind": text("x") })),
        ("not a number", json!({ "n": text("6"), "kind": text("x") })),
        (r#"{"data":{"kind":"x"}}"#, json!({})),
        (r#"{"data":{"kind":"y"}}"#, json!({})),
    ] {
        world.call("Publish", json!({ "TopicArn": topic, "Message": message, "MessageAttributes": attributes }));
    }
    assert_eq!(world.bodies("attributes").await, ["both fit", "one of a list fits"]);
    assert_eq!(world.bodies("body").await, [r#"{"data":{"kind":"x"}}"#]);

    let set = |value: &str| json!({ "SubscriptionArn": arn, "AttributeName": "FilterPolicy", "AttributeValue": value });
    assert_eq!(world.code("SetSubscriptionAttributes", set(r#"{"a": "b"}"#)), "InvalidParameter");
    world.call("SetSubscriptionAttributes", set("{}"));
    world.call("Publish", json!({ "TopicArn": topic, "Message": "anything" }));
    assert_eq!(world.bodies("attributes").await, ["anything"]);
}

#[tokio::test(start_paused = true)]
async fn a_fifo_topic_keeps_the_order_and_accepts_an_id_once_in_five_minutes() {
    let world = World::new();
    let topic = world.topic("t.fifo", &json!({ "FifoTopic": "true", "ContentBasedDeduplication": "true" }));
    world.subscribe(&topic, "q.fifo", json!({ "RawMessageDelivery": "true" })).await;
    let publish = |message: &str| world.call("Publish", json!({ "TopicArn": topic, "Message": message, "MessageGroupId": "g" }));
    let first = publish("1");
    publish("2");
    assert_eq!(publish("1"), first);
    assert_eq!(world.bodies("q.fifo").await, ["1", "2"]);
    sleep(Duration::from_mins(5)).await;
    assert_ne!(publish("1"), first);
}

#[tokio::test(start_paused = true)]
async fn a_batch_succeeds_in_part() {
    let world = World::new();
    let topic = world.topic("t", &json!({}));
    world.subscribe(&topic, "q", json!({ "RawMessageDelivery": "true" })).await;
    let batch = |entries: Value| json!({ "TopicArn": topic, "PublishBatchRequestEntries": entries });
    let answer =
        world.call("PublishBatch", batch(json!([{ "Id": "a", "Message": "good" }, { "Id": "b", "Message": "bad", "Subject": "\n" }])));
    assert_eq!((&answer["Successful"][0]["Id"], &answer["Failed"][0]["Id"]), (&json!("a"), &json!("b")));
    assert_eq!(answer["Failed"][0]["Code"], "InvalidParameter");
    assert_eq!(world.bodies("q").await, ["good"]);
    let half = "x".repeat(131_073);
    for (entries, expected) in [
        // An empty list in the query protocol.
        (json!(""), "EmptyBatchRequest"),
        (json!([{ "Id": "a", "Message": half }, { "Id": "b", "Message": half }]), "BatchRequestTooLong"),
        (json!([{ "Id": "a", "Message": "x" }, { "Id": "a", "Message": "x" }]), "BatchEntryIdsNotDistinct"),
    ] {
        assert_eq!(world.code("PublishBatch", batch(entries)), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn invalid_input_gets_the_error_of_sns() {
    let world = World::new();
    let topic = world.topic("t", &json!({}));
    let fifo = world.topic("t.fifo", &json!({ "FifoTopic": "true" }));
    let publish = |more: Value| {
        let mut input = json!({ "TopicArn": topic, "Message": "x" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    // The name, type and value of the attribute count towards the limit: 8 bytes.
    let full = |length: usize| json!({ "Message": "x".repeat(length), "MessageAttributes": { "a": text("b") } });
    world.call("Publish", publish(full(262_144 - 8)));
    let table = [
        ("Publish", publish(full(262_144 - 7)), "InvalidParameter"),
        ("Publish", publish(json!({ "Message": "" })), "InvalidParameter"),
        ("Publish", publish(json!({ "Subject": "x".repeat(100) })), "InvalidParameter"),
        ("Publish", publish(json!({ "Subject": "é" })), "InvalidParameter"),
        ("Publish", publish(json!({ "Subject": "a\nb" })), "InvalidParameter"),
        ("Publish", publish(json!({ "MessageAttributes": { "a": text("") } })), "ParameterValueInvalid"),
        ("Publish", publish(json!({ "MessageDeduplicationId": "d" })), "InvalidParameter"),
        ("Publish", publish(json!({ "MessageStructure": "json" })), "InvalidParameter"),
        ("Publish", publish(json!({ "TopicArn": "t" })), "InvalidParameter"),
        ("Publish", publish(json!({ "TopicArn": format!("{topic}x") })), "NotFound"),
        ("Publish", publish(json!({ "TopicArn": fifo })), "InvalidParameter"),
        ("Publish", publish(json!({ "TopicArn": fifo, "MessageGroupId": "g" })), "InvalidParameter"),
        ("CreateTopic", json!({ "Name": "a b" }), "InvalidParameter"),
        ("CreateTopic", json!({ "Name": "a.fifo" }), "InvalidParameter"),
        ("CreateTopic", json!({ "Name": "a", "Attributes": { "Colour": "red" } }), "InvalidParameter"),
        ("Subscribe", json!({ "TopicArn": topic, "Protocol": "sqs", "Endpoint": "http://host/q" }), "InvalidParameter"),
        ("Subscribe", json!({ "TopicArn": topic, "Protocol": "pigeon", "Endpoint": "loft" }), "InvalidParameter"),
        ("ConfirmSubscription", json!({ "TopicArn": topic, "Token": "guess" }), "InvalidParameter"),
        ("GetSubscriptionAttributes", json!({ "SubscriptionArn": format!("{topic}:x") }), "NotFound"),
        ("ListTagsForResource", json!({ "ResourceArn": format!("{topic}x") }), "ResourceNotFound"),
        ("Dance", json!({}), "InvalidAction"),
    ];
    for (operation, input, expected) in table {
        assert_eq!(world.code(operation, input.clone()), expected, "{operation} {:.200}", input.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn topics_and_subscriptions_are_listed_by_page_and_deleted_together() {
    let world = World::new();
    let topics: Vec<String> = (0..101).map(|number| world.topic(&format!("t{number:03}"), &json!({}))).collect();
    let first = world.call("ListTopics", json!({}));
    assert_eq!(first["Topics"].as_array().unwrap().len(), 100);
    let rest = world.call("ListTopics", json!({ "NextToken": first["NextToken"] }));
    assert_eq!(rest, json!({ "Topics": [{ "TopicArn": topics[100] }] }));

    let arn = world.subscribe(&topics[0], "q", json!({})).await;
    assert_eq!(world.subscribe(&topics[0], "q", json!({})).await, arn, "subscribing again gives the same");
    world.subscribe(&topics[1], "q", json!({})).await;
    let listed = world.call("ListSubscriptionsByTopic", json!({ "TopicArn": topics[0] }));
    assert_eq!((listed["Subscriptions"].as_array().unwrap().len(), &listed["Subscriptions"][0]["SubscriptionArn"]), (1, &json!(arn)));
    world.call("DeleteTopic", json!({ "TopicArn": topics[1] }));
    assert_eq!(world.call("ListSubscriptions", json!({}))["Subscriptions"].as_array().unwrap().len(), 1);
    world.call("Unsubscribe", json!({ "SubscriptionArn": arn }));
    assert_eq!(world.call("ListSubscriptions", json!({}))["Subscriptions"], json!([]));
}

/// Takes one request and answers it. Returns its head and its body.
async fn take(listener: &TcpListener, status: &str) -> (String, Value) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut read = Vec::new();
    loop {
        stream.read_buf(&mut read).await.unwrap();
        let text = String::from_utf8_lossy(&read);
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && let Ok(body) = serde_json::from_str(body)
        {
            stream.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").as_bytes()).await.unwrap();
            return (head.to_owned(), body);
        }
    }
}

/// Uses the real clock, because it needs a socket.
#[tokio::test]
async fn an_http_endpoint_confirms_and_then_gets_notifications_until_it_accepts_them() {
    let world = World::new();
    let topic = world.topic("t", &json!({}));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/hook", listener.local_addr().unwrap());
    let subscribed = world.call("Subscribe", json!({ "TopicArn": topic, "Protocol": "http", "Endpoint": endpoint }));
    assert_eq!(subscribed["SubscriptionArn"], "pending confirmation");
    let (head, body) = take(&listener, "200 OK").await;
    assert!(head.starts_with("POST /hook HTTP/1.1") && head.contains("x-amz-sns-message-type: SubscriptionConfirmation"), "{head}");
    world.call("Publish", json!({ "TopicArn": topic, "Message": "too early" }));
    world.call("ConfirmSubscription", json!({ "TopicArn": topic, "Token": body["Token"] }));

    let published = world.call("Publish", json!({ "TopicArn": topic, "Message": "m" }));
    for status in ["500 Oh No", "200 OK"] {
        let (head, body) = take(&listener, status).await;
        assert!(head.contains("x-amz-sns-message-type: Notification"), "{head}");
        assert_eq!((&body["MessageId"], &body["Message"]), (&published["MessageId"], &json!("m")));
    }
}
