//! Receives: what they return, how they wait, and what their handles do.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_receive_returns_the_requested_attributes() {
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

/// Each row: what makes a waiting receive return, and after how many seconds.
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
async fn an_older_receipt_handle_deletes_nothing_and_an_expired_one_deletes() {
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
async fn a_message_is_hidden_for_at_most_twelve_hours_from_its_receive() {
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
    assert_eq!(code(&sqs, "ChangeMessageVisibility", change(1)).await, "InvalidParameterValue", "the message has been received again");
}
