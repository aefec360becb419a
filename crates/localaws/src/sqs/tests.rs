//! How the service behaves, seen through its operations.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::*;

fn service() -> Arc<Sqs> {
    Arc::new(Sqs::new(Clock::system(), "us-east-1".into(), "000000000000".into()))
}

async fn call(sqs: &Sqs, operation: &str, input: Value) -> Value {
    sqs.call(operation, input, None).await.unwrap()
}

async fn code(sqs: &Sqs, operation: &str, input: Value) -> String {
    sqs.call(operation, input, None).await.unwrap_err().code.into_owned()
}

async fn create(sqs: &Sqs, name: &str, attributes: Value) {
    call(sqs, "CreateQueue", json!({ "QueueName": name, "Attributes": attributes })).await;
}

async fn send(sqs: &Sqs, queue: &str, body: &str) {
    call(sqs, "SendMessage", json!({ "QueueUrl": queue, "MessageBody": body })).await;
}

async fn receive(sqs: &Sqs, input: Value) -> Vec<Value> {
    call(sqs, "ReceiveMessage", input).await["Messages"].as_array().cloned().unwrap_or_default()
}

async fn bodies(sqs: &Sqs, queue: &str) -> Vec<String> {
    let messages = receive(sqs, json!({ "QueueUrl": queue, "MaxNumberOfMessages": 10 })).await;
    messages.iter().map(|message| message["Body"].as_str().unwrap().to_owned()).collect()
}

/// The numbers of visible messages, of those in flight and of those delayed.
async fn counts(sqs: &Sqs, queue: &str) -> [u64; 3] {
    let answer = call(sqs, "GetQueueAttributes", json!({ "QueueUrl": queue, "AttributeNames": ["All"] })).await;
    ["", "NotVisible", "Delayed"]
        .map(|kind| answer["Attributes"][format!("ApproximateNumberOfMessages{kind}")].as_str().unwrap().parse().unwrap())
}

#[tokio::test(start_paused = true)]
async fn creating_a_queue_again_gives_the_same_queue_unless_its_attributes_differ() {
    let sqs = service();
    let first = call(&sqs, "CreateQueue", json!({ "QueueName": "q", "Attributes": { "VisibilityTimeout": "5" } })).await;
    assert_eq!(first, json!({ "QueueUrl": "http://127.0.0.1:4566/000000000000/q" }));
    for attributes in [json!({}), json!({ "VisibilityTimeout": "5" }), json!({ "DelaySeconds": "0" })] {
        assert_eq!(call(&sqs, "CreateQueue", json!({ "QueueName": "q", "Attributes": attributes })).await, first);
    }
    let other = json!({ "QueueName": "q", "Attributes": { "VisibilityTimeout": "6" } });
    let error = sqs.call("CreateQueue", other, None).await.unwrap_err();
    assert_eq!((&*error.code, error.query_code), ("QueueNameExists", Some("QueueAlreadyExists")));
}

#[tokio::test(start_paused = true)]
async fn bad_input_is_refused_with_the_error_that_sqs_has_for_it() {
    let sqs = service();
    create(&sqs, "q", json!({})).await;
    create(&sqs, "f.fifo", json!({ "FifoQueue": "true" })).await;
    let long = "x".repeat(1024 * 1024 + 1);
    let table = [
        ("CreateQueue", json!({ "QueueName": "a b" }), "InvalidParameterValue"),
        ("CreateQueue", json!({ "QueueName": "a".repeat(81) }), "InvalidParameterValue"),
        ("CreateQueue", json!({ "QueueName": "a.fifo" }), "InvalidParameterValue"),
        ("CreateQueue", json!({ "QueueName": "a", "Attributes": { "FifoQueue": "true" } }), "InvalidParameterValue"),
        ("CreateQueue", json!({ "QueueName": "a", "Attributes": { "VisibilityTimeout": "43201" } }), "InvalidAttributeValue"),
        ("CreateQueue", json!({ "QueueName": "a", "Attributes": { "Colour": "red" } }), "InvalidAttributeName"),
        ("GetQueueUrl", json!({ "QueueName": "none" }), "QueueDoesNotExist"),
        ("SendMessage", json!({ "QueueUrl": "http://host/0/none", "MessageBody": "x" }), "QueueDoesNotExist"),
        ("SendMessage", json!({ "MessageBody": "x" }), "MissingParameter"),
        ("SendMessage", json!({ "QueueUrl": "q", "MessageBody": "" }), "MissingParameter"),
        ("SendMessage", json!({ "QueueUrl": "q", "MessageBody": "\u{b}" }), "InvalidMessageContents"),
        ("SendMessage", json!({ "QueueUrl": "q", "MessageBody": "\u{fffe}" }), "InvalidMessageContents"),
        ("SendMessage", json!({ "QueueUrl": "q", "MessageBody": long }), "InvalidParameterValue"),
        ("SendMessage", json!({ "QueueUrl": "q", "MessageBody": "x", "DelaySeconds": 901 }), "InvalidParameterValue"),
        ("SendMessage", json!({ "QueueUrl": "q", "MessageBody": "x", "MessageDeduplicationId": "d" }), "InvalidParameterValue"),
        ("SendMessage", json!({ "QueueUrl": "f.fifo", "MessageBody": "x" }), "MissingParameter"),
        ("SendMessage", json!({ "QueueUrl": "f.fifo", "MessageBody": "x", "MessageGroupId": "g" }), "InvalidParameterValue"),
        ("SendMessage", json!({ "QueueUrl": "q", "MessageBody": 7 }), "SerializationException"),
        ("ReceiveMessage", json!({ "QueueUrl": "q", "MaxNumberOfMessages": 11 }), "InvalidParameterValue"),
        ("ReceiveMessage", json!({ "QueueUrl": "q", "WaitTimeSeconds": 21 }), "InvalidParameterValue"),
        ("ReceiveMessage", json!({ "QueueUrl": "q", "VisibilityTimeout": -1 }), "InvalidParameterValue"),
        ("ReceiveMessage", json!({ "QueueUrl": "q", "AttributeNames": ["Colour"] }), "InvalidAttributeName"),
        ("DeleteMessage", json!({ "QueueUrl": "q", "ReceiptHandle": "abc" }), "ReceiptHandleIsInvalid"),
        ("DeleteMessage", json!({ "QueueUrl": "q" }), "MissingParameter"),
        ("SetQueueAttributes", json!({ "QueueUrl": "q", "Attributes": { "RedrivePolicy": "{}" } }), "InvalidParameterValue"),
        ("StartMessageMoveTask", json!({ "SourceArn": "arn:aws:sqs:us-east-1:000000000000:none" }), "ResourceNotFoundException"),
        ("Dance", json!({}), "UnknownOperationException"),
    ];
    for (operation, input, expected) in table {
        assert_eq!(code(&sqs, operation, input.clone()).await, expected, "{operation} {:.200}", input.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_refused_as_a_whole_or_answered_entry_by_entry() {
    let sqs = service();
    create(&sqs, "q", json!({})).await;
    let entry = |id: &str, body: &str| json!({ "Id": id, "MessageBody": body });
    let half = "x".repeat(524_289);
    let eleven: Vec<Value> = (0..11).map(|number| entry(&number.to_string(), "x")).collect();
    let table = [
        (json!([]), "EmptyBatchRequest"),
        (json!(eleven), "TooManyEntriesInBatchRequest"),
        (json!([entry("a", "x"), entry("a", "x")]), "BatchEntryIdsNotDistinct"),
        (json!([entry("a b", "x")]), "InvalidBatchEntryId"),
        (json!([entry("a", &half), entry("b", &half)]), "BatchRequestTooLong"),
    ];
    for (entries, expected) in table {
        assert_eq!(code(&sqs, "SendMessageBatch", json!({ "QueueUrl": "q", "Entries": entries })).await, expected);
    }
    assert_eq!(counts(&sqs, "q").await, [0, 0, 0]);

    let entries = json!([entry("good", "x"), entry("bad", "\u{1}"), { "Id": "late", "MessageBody": "x", "DelaySeconds": 5 }]);
    let answer = call(&sqs, "SendMessageBatch", json!({ "QueueUrl": "q", "Entries": entries })).await;
    let ids = |list: &str| answer[list].as_array().unwrap().iter().map(|entry| entry["Id"].clone()).collect::<Vec<_>>();
    assert_eq!((ids("Successful"), ids("Failed")), (vec![json!("good"), json!("late")], vec![json!("bad")]));
    assert_eq!(answer["Failed"][0]["Code"], "InvalidMessageContents");
    assert_eq!(counts(&sqs, "q").await, [1, 0, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_receive_shows_what_it_asks_for() {
    let sqs = service();
    create(&sqs, "q", json!({})).await;
    let sent = json!({
        "QueueUrl": "q", "MessageBody": "x", "MessageGroupId": "tenant",
        "MessageAttributes": { "a": { "DataType": "String", "StringValue": "1" }, "b": { "DataType": "String", "StringValue": "2" } },
        "MessageSystemAttributes": { "AWSTraceHeader": { "DataType": "String", "StringValue": "Root=1" } },
    });
    let answer = call(&sqs, "SendMessage", sent).await;
    assert_eq!(answer["MD5OfMessageBody"], "9dd4e461268c8034f5c8564e155c67a6");
    assert!(answer["MD5OfMessageSystemAttributes"].is_string());

    let bare = receive(&sqs, json!({ "QueueUrl": "q", "VisibilityTimeout": 0 })).await.remove(0);
    assert_eq!((&bare["Attributes"], &bare["MessageAttributes"]), (&Value::Null, &Value::Null));
    let asked = json!({
        "QueueUrl": "q", "VisibilityTimeout": 0, "MessageAttributeNames": ["a"],
        "AttributeNames": ["MessageGroupId"], "MessageSystemAttributeNames": ["ApproximateReceiveCount", "AWSTraceHeader"],
    });
    let message = receive(&sqs, asked).await.remove(0);
    assert_eq!(message["Attributes"], json!({ "MessageGroupId": "tenant", "ApproximateReceiveCount": "2", "AWSTraceHeader": "Root=1" }));
    assert_eq!(message["MessageAttributes"], json!({ "a": { "DataType": "String", "StringValue": "1" } }));
    let all = json!({ "QueueUrl": "q", "MessageAttributeNames": ["All"], "AttributeNames": ["All"] });
    let message = receive(&sqs, all).await.remove(0);
    assert_eq!(message["MD5OfMessageAttributes"], answer["MD5OfMessageAttributes"]);
    assert_eq!(message["Attributes"]["ApproximateReceiveCount"], "3");
}

/// What makes a waiting receive return, and after how many seconds.
#[tokio::test(start_paused = true)]
async fn a_long_poll_returns_as_soon_as_a_message_is_visible() {
    let sqs = service();
    create(&sqs, "q", json!({})).await;
    let poll = || {
        let sqs = Arc::clone(&sqs);
        tokio::spawn(async move {
            let begin = Instant::now();
            let messages = receive(&sqs, json!({ "QueueUrl": "q", "WaitTimeSeconds": 20, "VisibilityTimeout": 7 })).await;
            (messages, begin.elapsed())
        })
    };

    let (messages, elapsed) = poll().await.unwrap();
    assert_eq!((messages.len(), elapsed), (0, Duration::from_secs(20)), "nothing came");

    let waiting = poll();
    sleep(Duration::from_secs(3)).await;
    send(&sqs, "q", "x").await;
    let (messages, elapsed) = waiting.await.unwrap();
    assert_eq!((messages.len(), elapsed), (1, Duration::from_secs(3)), "a send");

    let (messages, elapsed) = poll().await.unwrap();
    assert_eq!((messages.len(), elapsed), (1, Duration::from_secs(7)), "the end of a visibility timeout");

    let waiting = poll();
    sleep(Duration::from_secs(2)).await;
    let handle = &messages[0]["ReceiptHandle"];
    call(&sqs, "ChangeMessageVisibility", json!({ "QueueUrl": "q", "ReceiptHandle": handle, "VisibilityTimeout": 0 })).await;
    let (messages, elapsed) = waiting.await.unwrap();
    assert_eq!((messages.len(), elapsed), (1, Duration::from_secs(2)), "a message given back");
    call(&sqs, "DeleteMessage", json!({ "QueueUrl": "q", "ReceiptHandle": messages[0]["ReceiptHandle"] })).await;

    let waiting = poll();
    sleep(Duration::from_secs(1)).await;
    call(&sqs, "SendMessage", json!({ "QueueUrl": "q", "MessageBody": "x", "DelaySeconds": 4 })).await;
    let (messages, elapsed) = waiting.await.unwrap();
    assert_eq!((messages.len(), elapsed), (1, Duration::from_secs(5)), "the end of a delay that began while waiting");
}

#[tokio::test(start_paused = true)]
async fn two_long_polls_never_get_the_same_message() {
    let sqs = service();
    create(&sqs, "q", json!({ "ReceiveMessageWaitTimeSeconds": "10" })).await;
    let polls: Vec<_> = (0..2)
        .map(|_| {
            let sqs = Arc::clone(&sqs);
            tokio::spawn(async move { bodies(&sqs, "q").await })
        })
        .collect();
    sleep(Duration::from_secs(1)).await;
    send(&sqs, "q", "x").await;
    let mut got = Vec::new();
    for poll in polls {
        got.extend(poll.await.unwrap());
    }
    assert_eq!(got, ["x"]);
}

#[tokio::test(start_paused = true)]
async fn a_stale_receipt_deletes_nothing_and_a_late_one_deletes() {
    let sqs = service();
    create(&sqs, "q", json!({})).await;
    send(&sqs, "q", "x").await;
    let stale = receive(&sqs, json!({ "QueueUrl": "q", "VisibilityTimeout": 0 })).await.remove(0);
    let newest = receive(&sqs, json!({ "QueueUrl": "q", "VisibilityTimeout": 1 })).await.remove(0);
    let delete = |message: &Value| json!({ "QueueUrl": "q", "ReceiptHandle": message["ReceiptHandle"] });
    call(&sqs, "DeleteMessage", delete(&stale)).await;
    assert_eq!(counts(&sqs, "q").await, [0, 1, 0]);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(counts(&sqs, "q").await, [1, 0, 0]);
    call(&sqs, "DeleteMessage", delete(&newest)).await;
    assert_eq!(counts(&sqs, "q").await, [0, 0, 0]);
    call(&sqs, "DeleteMessage", delete(&newest)).await;
}

#[tokio::test(start_paused = true)]
async fn a_message_stays_hidden_for_twelve_hours_from_its_receive_at_most() {
    let sqs = service();
    create(&sqs, "q", json!({ "VisibilityTimeout": "43200" })).await;
    send(&sqs, "q", "x").await;
    let handle = receive(&sqs, json!({ "QueueUrl": "q" })).await.remove(0)["ReceiptHandle"].clone();
    let change = |seconds: i64| json!({ "QueueUrl": "q", "ReceiptHandle": handle, "VisibilityTimeout": seconds });
    sleep(Duration::from_hours(1)).await;
    call(&sqs, "ChangeMessageVisibility", change(39_600)).await;
    let error = sqs.call("ChangeMessageVisibility", change(39_601), None).await.unwrap_err();
    let text = "Value 39601 for parameter VisibilityTimeout is invalid. \
                Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds].";
    assert_eq!((&*error.code, error.message.as_str()), ("InvalidParameterValue", text));
    for seconds in [-1, 43_201] {
        assert_eq!(code(&sqs, "ChangeMessageVisibility", change(seconds)).await, "InvalidParameterValue");
    }
    sleep(Duration::from_hours(11)).await;
    assert_eq!(code(&sqs, "ChangeMessageVisibility", change(1)).await, "MessageNotInflight");
    assert_eq!(bodies(&sqs, "q").await, ["x"]);
    assert_eq!(code(&sqs, "ChangeMessageVisibility", change(1)).await, "InvalidParameterValue", "another receive has it now");
}

#[tokio::test(start_paused = true)]
async fn a_message_received_too_often_goes_to_the_dead_letter_queue_and_back() {
    let sqs = service();
    create(&sqs, "dead", json!({})).await;
    let arn = sqs.arn("dead");
    let policy = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": "2" }).to_string();
    create(&sqs, "q", json!({ "VisibilityTimeout": "1", "RedrivePolicy": policy })).await;
    send(&sqs, "q", "poison").await;
    for _ in 0..2 {
        assert_eq!(bodies(&sqs, "q").await, ["poison"]);
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(counts(&sqs, "dead").await, [0, 0, 0], "only a receive moves it");
    assert_eq!(bodies(&sqs, "q").await, [""; 0]);
    assert_eq!((counts(&sqs, "q").await, counts(&sqs, "dead").await), ([0, 0, 0], [1, 0, 0]));
    let dead = receive(&sqs, json!({ "QueueUrl": "dead", "VisibilityTimeout": 0, "AttributeNames": ["All"] })).await.remove(0);
    assert_eq!(dead["Attributes"]["DeadLetterQueueSourceArn"], sqs.arn("q"));
    let sources = call(&sqs, "ListDeadLetterSourceQueues", json!({ "QueueUrl": "dead" })).await;
    assert_eq!(sources, json!({ "queueUrls": ["http://127.0.0.1:4566/000000000000/q"] }));

    call(&sqs, "StartMessageMoveTask", json!({ "SourceArn": arn })).await;
    let tasks = call(&sqs, "ListMessageMoveTasks", json!({ "SourceArn": arn })).await;
    assert_eq!(
        (&tasks["Results"][0]["Status"], &tasks["Results"][0]["ApproximateNumberOfMessagesMoved"]),
        (&json!("COMPLETED"), &json!(1))
    );
    assert_eq!(bodies(&sqs, "q").await, ["poison"]);
    assert_eq!(counts(&sqs, "dead").await, [0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_sent_to_a_dead_letter_queue_moves_only_where_it_is_told_to() {
    let sqs = service();
    create(&sqs, "dead", json!({})).await;
    let (arn, home) = (sqs.arn("dead"), sqs.arn("q"));
    let policy = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": "1" }).to_string();
    create(&sqs, "q", json!({ "VisibilityTimeout": "0", "RedrivePolicy": policy })).await;
    send(&sqs, "q", "poison").await;
    assert_eq!((bodies(&sqs, "q").await, bodies(&sqs, "q").await), (vec!["poison".to_owned()], vec![]));
    for body in ["rejected", "another"] {
        send(&sqs, "dead", body).await;
    }

    call(&sqs, "StartMessageMoveTask", json!({ "SourceArn": arn })).await;
    let tasks = call(&sqs, "ListMessageMoveTasks", json!({ "SourceArn": arn })).await;
    let told = ["Status", "FailureReason", "ApproximateNumberOfMessagesMoved", "ApproximateNumberOfMessagesToMove"];
    let told = told.map(|name| tasks["Results"][0][name].clone());
    assert_eq!(told, [json!("FAILED"), json!("CouldNotDetermineMessageSource"), json!(1), json!(3)], "{tasks}");
    assert_eq!((counts(&sqs, "q").await, counts(&sqs, "dead").await), ([1, 0, 0], [2, 0, 0]), "it ends at the first that has no home");

    call(&sqs, "StartMessageMoveTask", json!({ "SourceArn": arn, "DestinationArn": home })).await;
    let tasks = call(&sqs, "ListMessageMoveTasks", json!({ "SourceArn": arn, "MaxResults": 10 })).await;
    let states: Vec<&Value> = tasks["Results"].as_array().unwrap().iter().map(|task| &task["Status"]).collect();
    assert_eq!(states, ["COMPLETED", "FAILED"]);
    assert_eq!((counts(&sqs, "q").await, counts(&sqs, "dead").await), ([3, 0, 0], [0, 0, 0]));
}

#[tokio::test(start_paused = true)]
async fn a_fifo_queue_keeps_each_groups_order_and_blocks_it_while_a_message_is_in_flight() {
    let sqs = service();
    create(&sqs, "f.fifo", json!({ "FifoQueue": "true", "ContentBasedDeduplication": "true" })).await;
    for body in ["a1", "b1", "a2", "b2", "a3"] {
        call(&sqs, "SendMessage", json!({ "QueueUrl": "f.fifo", "MessageBody": body, "MessageGroupId": &body[..1] })).await;
    }
    let first = receive(&sqs, json!({ "QueueUrl": "f.fifo", "VisibilityTimeout": 5 })).await;
    assert_eq!(first[0]["Body"], "a1");
    assert_eq!(bodies(&sqs, "f.fifo").await, ["b1", "b2"], "group a is blocked");
    assert_eq!(bodies(&sqs, "f.fifo").await, [""; 0]);
    sleep(Duration::from_secs(5)).await;
    let late = json!({ "QueueUrl": "f.fifo", "ReceiptHandle": first[0]["ReceiptHandle"] });
    assert_eq!(code(&sqs, "DeleteMessage", late).await, "InvalidParameterValue", "the receipt has expired");
    let again = receive(&sqs, json!({ "QueueUrl": "f.fifo" })).await;
    assert_eq!(again[0]["Body"], "a1", "a message given back keeps its place");

    let poll = {
        let sqs = Arc::clone(&sqs);
        tokio::spawn(async move { receive(&sqs, json!({ "QueueUrl": "f.fifo", "WaitTimeSeconds": 20, "MaxNumberOfMessages": 10 })).await })
    };
    sleep(Duration::from_secs(1)).await;
    call(&sqs, "DeleteMessage", json!({ "QueueUrl": "f.fifo", "ReceiptHandle": again[0]["ReceiptHandle"] })).await;
    let rest: Vec<Value> = poll.await.unwrap().iter().map(|message| message["Body"].clone()).collect();
    assert_eq!(rest, ["a2", "a3"], "deleting the first opens the group");
}

/// As AWS has it: a group gives its messages up to the first that is hidden, wherever the others stand.
#[tokio::test(start_paused = true)]
async fn a_fifo_group_gives_what_stands_before_its_first_hidden_message() {
    let sqs = service();
    create(&sqs, "f.fifo", json!({ "FifoQueue": "true", "ContentBasedDeduplication": "true" })).await;
    for body in ["1", "2", "3", "4"] {
        call(&sqs, "SendMessage", json!({ "QueueUrl": "f.fifo", "MessageBody": body, "MessageGroupId": "g" })).await;
    }
    let take = async || receive(&sqs, json!({ "QueueUrl": "f.fifo", "MaxNumberOfMessages": 10, "VisibilityTimeout": 10 })).await;
    let hide = async |message: &Value, seconds: u64| {
        let change = json!({ "QueueUrl": "f.fifo", "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": seconds });
        call(&sqs, "ChangeMessageVisibility", change).await;
    };
    let names = |messages: &[Value]| messages.iter().map(|message| message["Body"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let first = take().await;
    assert_eq!(names(&first), ["1", "2", "3", "4"]);
    hide(&first[1], 0).await;
    assert_eq!(names(&take().await), [""; 0], "2 is visible, but 1 before it is not");
    hide(&first[2], 60).await;
    sleep(Duration::from_secs(10)).await;
    let again = take().await;
    assert_eq!(names(&again), ["1", "2"], "4 is visible, but 3 before it is not");
    call(&sqs, "DeleteMessage", json!({ "QueueUrl": "f.fifo", "ReceiptHandle": first[2]["ReceiptHandle"] })).await;
    assert_eq!(names(&take().await), [""; 0]);
    hide(&again[0], 0).await;
    assert_eq!(names(&take().await), ["1"]);
    sleep(Duration::from_secs(10)).await;
    assert_eq!(names(&take().await), ["1", "2", "4"]);
}

#[tokio::test(start_paused = true)]
async fn a_noisy_group_of_a_standard_queue_waits_for_the_others() {
    let sqs = service();
    create(&sqs, "q", json!({ "VisibilityTimeout": "600" })).await;
    let send = async |group: Option<&str>, body: &str| {
        let mut message = json!({ "QueueUrl": "q", "MessageBody": body });
        if let Some(group) = group {
            message["MessageGroupId"] = group.into();
        }
        call(&sqs, "SendMessage", message).await;
    };
    let take = async |room: u64| {
        let asked = json!({ "QueueUrl": "q", "MaxNumberOfMessages": room, "AttributeNames": ["MessageGroupId"] });
        let messages = receive(&sqs, asked).await;
        messages.iter().map(|message| message["Attributes"]["MessageGroupId"].as_str().unwrap_or("none").to_owned()).collect::<Vec<_>>()
    };
    for number in 0..50 {
        send(Some("flood"), &number.to_string()).await;
    }
    send(Some("small"), "late").await;
    send(None, "later").await;
    for _ in 0..3 {
        assert_eq!(take(10).await, ["flood"; 10], "thirty in flight are not yet noise");
    }
    assert_eq!(take(4).await, ["flood", "small", "none", "flood"], "with 31 the others are first, and then it goes on");
    // A tenth of all, or less, is no noise, however many they are.
    for number in 0..320 {
        send(None, &format!("calm {number}")).await;
    }
    for _ in 0..28 {
        assert_eq!(take(10).await, ["none"; 10]);
    }
    let shares = take(8).await;
    assert_eq!(shares, ["none", "none", "none", "none", "none", "none", "flood", "none"], "32 of 320 are a tenth, 33 of 321 are more");
}

#[tokio::test(start_paused = true)]
async fn a_fifo_queue_takes_a_deduplication_id_once_in_five_minutes() {
    let sqs = service();
    create(&sqs, "f.fifo", json!({ "FifoQueue": "true" })).await;
    let message = json!({ "QueueUrl": "f.fifo", "MessageBody": "x", "MessageGroupId": "g", "MessageDeduplicationId": "d" });
    let first = call(&sqs, "SendMessage", message.clone()).await;
    sleep(Duration::from_secs(299)).await;
    assert_eq!(call(&sqs, "SendMessage", message.clone()).await, first);
    assert_eq!(counts(&sqs, "f.fifo").await, [1, 0, 0]);
    sleep(Duration::from_secs(1)).await;
    let second = call(&sqs, "SendMessage", message).await;
    assert!(second["SequenceNumber"].as_str() > first["SequenceNumber"].as_str(), "{first} {second}");
    assert_eq!(counts(&sqs, "f.fifo").await, [2, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn messages_are_forgotten_after_the_retention_period_and_by_a_purge_a_minute() {
    let sqs = service();
    create(&sqs, "q", json!({ "MessageRetentionPeriod": "60" })).await;
    send(&sqs, "q", "old").await;
    receive(&sqs, json!({ "QueueUrl": "q", "VisibilityTimeout": 600 })).await;
    sleep(Duration::from_secs(59)).await;
    send(&sqs, "q", "new").await;
    assert_eq!(counts(&sqs, "q").await, [1, 1, 0]);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(counts(&sqs, "q").await, [1, 0, 0]);
    call(&sqs, "PurgeQueue", json!({ "QueueUrl": "q" })).await;
    assert_eq!(counts(&sqs, "q").await, [0, 0, 0]);
    assert_eq!(code(&sqs, "PurgeQueue", json!({ "QueueUrl": "q" })).await, "PurgeQueueInProgress");
    sleep(Duration::from_mins(1)).await;
    call(&sqs, "PurgeQueue", json!({ "QueueUrl": "q" })).await;
}

#[tokio::test(start_paused = true)]
async fn queues_are_listed_by_prefix_and_page() {
    let sqs = service();
    for name in ["a1", "b1", "b2", "b3"] {
        create(&sqs, name, json!({})).await;
    }
    let names = |answer: &Value| {
        let urls = answer["QueueUrls"].as_array().cloned().unwrap_or_default();
        urls.iter().map(|url| super::state::name_of(url.as_str().unwrap()).to_owned()).collect::<Vec<_>>()
    };
    let page = call(&sqs, "ListQueues", json!({ "QueueNamePrefix": "b", "MaxResults": 2 })).await;
    assert_eq!(names(&page), ["b1", "b2"]);
    let rest = call(&sqs, "ListQueues", json!({ "QueueNamePrefix": "b", "MaxResults": 2, "NextToken": page["NextToken"] })).await;
    assert_eq!((names(&rest), &rest["NextToken"]), (vec!["b3".to_owned()], &Value::Null));
    assert_eq!(call(&sqs, "ListQueues", json!({ "QueueNamePrefix": "c" })).await, json!({}));
}
