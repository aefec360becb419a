//! Queues and their messages after a kill.

use super::*;
use proptest::prelude::*;

const ALL: [&str; 1] = ["All"];

#[tokio::test(start_paused = true)]
async fn queues_survive_a_kill() {
    let world = World::new();
    let dead = "arn:aws:sqs:us-east-1:000000000000:dead";
    let redrive = json!({ "deadLetterTargetArn": dead, "maxReceiveCount": 1 }).to_string();
    let calls = [
        ("CreateQueue", json!({ "QueueName": "dead" })),
        ("CreateQueue", json!({ "QueueName": "q", "Attributes": { "RedrivePolicy": redrive }, "tags": { "a": "1", "b": "2" } })),
        ("CreateQueue", json!({ "QueueName": "f.fifo", "Attributes": { "FifoQueue": "true", "DeduplicationScope": "messageGroup" } })),
        ("CreateQueue", json!({ "QueueName": "purged" })),
        ("CreateQueue", json!({ "QueueName": "gone" })),
        ("SendMessage", json!({ "QueueUrl": "gone", "MessageBody": "x" })),
        ("DeleteQueue", json!({ "QueueUrl": "gone" })),
        ("SetQueueAttributes", json!({ "QueueUrl": "q", "Attributes": { "VisibilityTimeout": "7" } })),
        ("TagQueue", json!({ "QueueUrl": "q", "Tags": { "c": "3" } })),
        ("UntagQueue", json!({ "QueueUrl": "q", "TagKeys": ["a"] })),
        ("SendMessage", json!({ "QueueUrl": "purged", "MessageBody": "x" })),
        ("PurgeQueue", json!({ "QueueUrl": "purged" })),
        ("SendMessage", json!({ "QueueUrl": "q", "MessageBody": "twice" })),
    ];
    let mut questions = vec![("ListQueues", json!({}))];
    for queue in ["dead", "q", "f.fifo", "purged", "gone"] {
        questions.push(("GetQueueAttributes", json!({ "QueueUrl": queue, "AttributeNames": ALL })));
        questions.push(("ListQueueTags", json!({ "QueueUrl": queue })));
    }
    step_by_step(&world, Service::Sqs, &calls, &questions).await;
    // Its second receive is one too many: it goes to the dead-letter queue, and is moved back from there.
    assert_eq!(world.bodies("q").await, ["twice"]);
    sleep(Duration::from_secs(7)).await;
    assert_eq!(world.bodies("q").await.len(), 0);
    world.sqs("StartMessageMoveTask", json!({ "SourceArn": dead, "MaxNumberOfMessagesPerSecond": 5 })).await;

    let killed = world.killed();
    let both = [&world, &killed];
    let listed = same(both, Service::Sqs, "ListQueues", json!({})).await;
    assert_eq!(listed["QueueUrls"].as_array().unwrap().len(), 4);
    assert_eq!(
        same(both, Service::Sqs, "ListMessageMoveTasks", json!({ "SourceArn": dead })).await["Results"][0]["ApproximateNumberOfMessagesMoved"],
        1
    );
    same(both, Service::Sqs, "ListDeadLetterSourceQueues", json!({ "QueueUrl": "dead" })).await;
    same(both, Service::Sqs, "ReceiveMessage", json!({ "QueueUrl": "q", "AttributeNames": ALL })).await;
    let purge = || killed.aws.dispatch(Service::Sqs, "PurgeQueue", json!({ "QueueUrl": "purged" }), None);
    assert_eq!(purge().await.unwrap_err().code, "PurgeQueueInProgress");
    assert_eq!((killed.rows("message"), killed.rows("queue")), (1, 4), "deleted rows are removed from the store");
}

#[tokio::test(start_paused = true)]
async fn messages_and_receipt_handles_survive_a_kill() {
    let world = World::new();
    world.sqs("CreateQueue", json!({ "QueueName": "q" })).await;
    let sent = json!({
        "QueueUrl": "q",
        "MessageBody": "é\n",
        "MessageGroupId": "tenant",
        "MessageAttributes": { "b": { "DataType": "Binary", "BinaryValue": "AP8=" }, "n": { "DataType": "Number.int", "StringValue": "7" } },
        "MessageSystemAttributes": { "AWSTraceHeader": { "DataType": "String", "StringValue": "Root=1" } },
    });
    world.sqs("SendMessage", sent).await;
    world.sqs("SendMessage", json!({ "QueueUrl": "q", "MessageBody": "later", "DelaySeconds": 60 })).await;
    let receive =
        json!({ "QueueUrl": "q", "MaxNumberOfMessages": 10, "AttributeNames": ALL, "MessageAttributeNames": ALL, "VisibilityTimeout": 20 });
    let handle = world.sqs("ReceiveMessage", receive.clone()).await["Messages"][0]["ReceiptHandle"].clone();
    let other = world.killed();
    // In flight it is hidden. After the visibility timeout it returns unchanged, with its count of receives.
    sleep(Duration::from_secs(19)).await;
    assert_eq!(same([&world, &other], Service::Sqs, "ReceiveMessage", receive.clone()).await, json!({}));
    sleep(Duration::from_secs(1)).await;
    let seen = same([&world, &other], Service::Sqs, "ReceiveMessage", receive.clone()).await;
    assert_eq!(
        (&seen["Messages"][0]["Attributes"]["ApproximateReceiveCount"], seen["Messages"].as_array().unwrap().len()),
        (&json!("2"), 1)
    );
    let handle_now = &seen["Messages"][0]["ReceiptHandle"];
    let third = other.killed();
    // The older handle deletes nothing, and the newer one does. The 12 hours count from the receive.
    third.sqs("DeleteMessage", json!({ "QueueUrl": "q", "ReceiptHandle": handle })).await;
    let change = |seconds: u64| json!({ "QueueUrl": "q", "ReceiptHandle": handle_now, "VisibilityTimeout": seconds });
    sleep(Duration::from_secs(10)).await;
    assert!(third.aws.dispatch(Service::Sqs, "ChangeMessageVisibility", change(43_191), None).await.is_err());
    third.sqs("ChangeMessageVisibility", change(43_190)).await;
    let fourth = third.killed();
    sleep(Duration::from_secs(43_189)).await;
    assert_eq!(fourth.bodies("q").await, ["later"]);
    fourth.sqs("DeleteMessage", json!({ "QueueUrl": "q", "ReceiptHandle": handle_now })).await;
    assert_eq!(fourth.killed().rows("message"), 1);
}

/// An action on a standard or a FIFO queue.
#[derive(Debug, Clone)]
enum Deed {
    Send {
        fifo: bool,
        body: u8,
        group: u8,
        delay_s: u64,
    },
    Receive {
        fifo: bool,
        room: u64,
        visibility_s: u64,
    },
    /// Deletes by one of the handles received so far.
    Delete {
        which: usize,
    },
    Hide {
        which: usize,
        visibility_s: u64,
    },
    Purge {
        fifo: bool,
    },
    Wait {
        seconds: u64,
    },
}

fn deed() -> impl Strategy<Value = Deed> {
    let fifo = any::<bool>;
    prop_oneof![
        6 => (fifo(), 0..4_u8, 0..3_u8, prop_oneof![Just(0), 0..90_u64])
            .prop_map(|(fifo, body, group, delay_s)| Deed::Send { fifo, body, group, delay_s }),
        5 => (fifo(), 1..5_u64, 0..60_u64).prop_map(|(fifo, room, visibility_s)| Deed::Receive { fifo, room, visibility_s }),
        3 => any::<usize>().prop_map(|which| Deed::Delete { which }),
        2 => (any::<usize>(), 0..60_u64).prop_map(|(which, visibility_s)| Deed::Hide { which, visibility_s }),
        1 => fifo().prop_map(|fifo| Deed::Purge { fifo }),
        3 => (0..120_u64).prop_map(|seconds| Deed::Wait { seconds }),
    ]
}

fn url(fifo: bool) -> &'static str {
    if fifo { "f.fifo" } else { "q" }
}

/// An endpoint, and the handles that it gave out, with their queues.
struct Client<'a> {
    world: &'a World,
    handles: Vec<(bool, Value)>,
}

impl Client<'_> {
    /// Performs an action and returns the answer, also if it is an error.
    async fn act(&mut self, deed: &Deed) -> Answer {
        let on_handle = |which: usize, more: Value| {
            let (fifo, handle) = self.handles.get(which % self.handles.len().max(1))?;
            let mut input = json!({ "QueueUrl": url(*fifo), "ReceiptHandle": handle });
            input.as_object_mut()?.extend(more.as_object()?.clone());
            Some(input)
        };
        let (operation, input) = match *deed {
            Deed::Send { fifo, body, group, delay_s } => {
                let mut input = json!({ "QueueUrl": url(fifo), "MessageBody": body.to_string() });
                let more = if fifo { json!({ "MessageGroupId": group.to_string() }) } else { json!({ "DelaySeconds": delay_s }) };
                input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                ("SendMessage", Some(input))
            }
            Deed::Receive { fifo, room, visibility_s } => {
                let input =
                    json!({ "QueueUrl": url(fifo), "MaxNumberOfMessages": room, "VisibilityTimeout": visibility_s, "AttributeNames": ALL });
                ("ReceiveMessage", Some(input))
            }
            Deed::Delete { which } => ("DeleteMessage", on_handle(which, json!({}))),
            Deed::Hide { which, visibility_s } => {
                ("ChangeMessageVisibility", on_handle(which, json!({ "VisibilityTimeout": visibility_s })))
            }
            Deed::Purge { fifo } => ("PurgeQueue", Some(json!({ "QueueUrl": url(fifo) }))),
            Deed::Wait { seconds } => {
                sleep(Duration::from_secs(seconds)).await;
                return Ok(Value::Null);
            }
        };
        let Some(input) = input else { return Ok(Value::Null) };
        let answer = self.world.aws.dispatch(Service::Sqs, operation, input, None).await;
        if let (Deed::Receive { fifo, .. }, Ok(answer)) = (deed, &answer) {
            let messages = answer["Messages"].as_array().into_iter().flatten();
            self.handles.extend(messages.map(|message| (*fifo, message["ReceiptHandle"].clone())));
        }
        answer
    }

    async fn counts(&self) -> Vec<Value> {
        let mut counts = Vec::new();
        for fifo in [false, true] {
            counts.push(self.world.sqs("GetQueueAttributes", json!({ "QueueUrl": url(fifo), "AttributeNames": ALL })).await);
        }
        counts
    }
}

/// An answer without the ids that each endpoint makes up, or the name of an error.
fn comparable(answer: Answer) -> Result<Value, String> {
    fn strip(value: &mut Value) {
        if let Some(members) = value.as_object_mut() {
            members.retain(|name, _| name != "MessageId" && name != "ReceiptHandle");
            members.values_mut().filter_map(Value::as_array_mut).flatten().for_each(strip);
        }
    }
    let mut answer = answer.map_err(|error| error.code.into_owned())?;
    strip(&mut answer);
    Ok(answer)
}

/// Performs actions before a kill, and then on the killed and the original endpoint. Both must answer the same.
async fn lives_on(before: &[Deed], after: &[Deed]) {
    let world = World::new();
    world.sqs("CreateQueue", json!({ "QueueName": "q" })).await;
    let fifo = json!({ "FifoQueue": "true", "ContentBasedDeduplication": "true" });
    world.sqs("CreateQueue", json!({ "QueueName": "f.fifo", "Attributes": fifo })).await;
    let mut first = Client { world: &world, handles: Vec::new() };
    for deed in before {
        first.act(deed).await.ok();
    }
    let killed = world.killed();
    let mut second = Client { world: &killed, handles: first.handles.clone() };
    assert_eq!(first.counts().await, second.counts().await);
    for deed in after {
        // Time passes for both at once.
        if matches!(deed, Deed::Wait { .. }) {
            first.act(deed).await.unwrap();
        } else {
            let answers = (first.act(deed).await, second.act(deed).await);
            assert_eq!(comparable(answers.0), comparable(answers.1), "{deed:?}");
        }
        assert_eq!(first.counts().await, second.counts().await, "after {deed:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn queues_answer_after_a_kill_as_without_it(
        before in prop::collection::vec(deed(), 1..40),
        after in prop::collection::vec(deed(), 1..25),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(lives_on(&before, &after));
    }
}
