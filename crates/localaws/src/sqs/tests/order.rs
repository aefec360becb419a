//! The order of messages: groups of FIFO queues and of fair queues.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_fifo_queue_keeps_the_order_of_a_group_and_blocks_it_while_a_message_is_in_flight() {
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
    assert_eq!(rest, ["a2", "a3"], "the group continues once its first message is deleted");
}

/// As on AWS: a group gives out its messages up to the first hidden one, wherever the other groups' messages are.
#[tokio::test(start_paused = true)]
async fn a_fifo_group_gives_out_the_messages_before_its_first_hidden_one() {
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
        assert_eq!(take(10).await, ["flood"; 10], "a group with thirty messages in flight is not noisy");
    }
    assert_eq!(take(4).await, ["flood", "small", "none", "flood"], "with 31 in flight the other groups come first");
    // A tenth of all messages in flight, or less, is not noisy, whatever their number.
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
async fn a_fifo_queue_accepts_a_deduplication_id_once_in_five_minutes() {
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
