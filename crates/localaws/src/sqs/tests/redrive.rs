//! Dead-letter queues.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_message_that_was_received_too_often_moves_to_the_dead_letter_queue_and_back() {
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
async fn a_message_that_was_sent_to_a_dead_letter_queue_moves_only_to_a_named_destination() {
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
    let result = ["Status", "FailureReason", "ApproximateNumberOfMessagesMoved", "ApproximateNumberOfMessagesToMove"];
    let result = result.map(|name| tasks["Results"][0][name].clone());
    assert_eq!(result, [json!("FAILED"), json!("CouldNotDetermineMessageSource"), json!(1), json!(3)], "{tasks}");
    assert_eq!(
        (counts(&sqs, "q").await, counts(&sqs, "dead").await),
        ([1, 0, 0], [2, 0, 0]),
        "the task ends at the first message without a source"
    );

    call(&sqs, "StartMessageMoveTask", json!({ "SourceArn": arn, "DestinationArn": home })).await;
    let tasks = call(&sqs, "ListMessageMoveTasks", json!({ "SourceArn": arn, "MaxResults": 10 })).await;
    let states: Vec<&Value> = tasks["Results"].as_array().unwrap().iter().map(|task| &task["Status"]).collect();
    assert_eq!(states, ["COMPLETED", "FAILED"]);
    assert_eq!((counts(&sqs, "q").await, counts(&sqs, "dead").await), ([3, 0, 0], [0, 0, 0]));
}
