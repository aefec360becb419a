//! Queues: creating, listing, purging, and refusals.

use super::*;

#[tokio::test(start_paused = true)]
async fn creating_a_queue_again_returns_it_unless_the_attributes_differ() {
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
async fn invalid_input_gets_the_error_of_sqs() {
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
async fn messages_expire_after_the_retention_period_and_a_queue_is_purged_once_a_minute() {
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
