//! Topics, their subscriptions, and messages that are not delivered yet, after a kill.

use std::path::Path;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    time::timeout,
};

use super::*;

/// More than any machine needs.
const PATIENCE: Duration = Duration::from_secs(30);

fn text(answer: &Value, member: &str) -> String {
    answer[member].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn topics_and_subscriptions_survive_a_kill() {
    let world = World::new();
    let sns = async |operation: &str, input: Value| world.call(Service::Sns, operation, input).await;
    world.sqs("CreateQueue", json!({ "QueueName": "q" })).await;
    let topic = "arn:aws:sns:us-east-1:000000000000:t";
    let gone = "arn:aws:sns:us-east-1:000000000000:gone";
    let queue = "arn:aws:sqs:us-east-1:000000000000:q";
    let subscribe = async |topic: &str, attributes: Value| {
        let input = json!({ "TopicArn": topic, "Protocol": "sqs", "Endpoint": queue, "Attributes": attributes });
        text(&sns("Subscribe", input).await, "SubscriptionArn")
    };
    let questions = [
        ("ListTopics", json!({})),
        ("ListSubscriptions", json!({})),
        ("GetTopicAttributes", json!({ "TopicArn": topic })),
        ("ListTagsForResource", json!({ "ResourceArn": topic })),
        ("ListSubscriptionsByTopic", json!({ "TopicArn": gone })),
    ];
    let tags = json!([{ "Key": "a", "Value": "1" }, { "Key": "b", "Value": "2" }]);
    let calls = [("CreateTopic", json!({ "Name": "t", "Tags": tags })), ("CreateTopic", json!({ "Name": "gone" }))];
    step_by_step(&world, Service::Sns, &calls, &questions).await;
    let arn = subscribe(topic, json!({ "RawMessageDelivery": "true" })).await;
    let attributes = [("GetSubscriptionAttributes", json!({ "SubscriptionArn": arn }))];
    let questions = [&questions[..], &attributes].concat();
    subscribe(gone, json!({})).await;
    let other = json!({ "TopicArn": topic, "Protocol": "sqs", "Endpoint": "arn:aws:sqs:us-east-1:000000000000:other" });
    let other = text(&sns("Subscribe", other).await, "SubscriptionArn");
    let calls = [
        ("ListTopics", json!({})),
        ("Unsubscribe", json!({ "SubscriptionArn": other })),
        ("DeleteTopic", json!({ "TopicArn": gone })),
        ("SetTopicAttributes", json!({ "TopicArn": topic, "AttributeName": "DisplayName", "AttributeValue": "T" })),
        (
            "SetSubscriptionAttributes",
            json!({ "SubscriptionArn": arn, "AttributeName": "FilterPolicy", "AttributeValue": r#"{"k":["v"]}"# }),
        ),
        ("TagResource", json!({ "ResourceArn": topic, "Tags": [{ "Key": "c", "Value": "3" }] })),
        ("UntagResource", json!({ "ResourceArn": topic, "TagKeys": ["a"] })),
    ];
    step_by_step(&world, Service::Sns, &calls, &questions).await;

    let killed = world.killed();
    let both = [&world, &killed];
    let seen = same(both, Service::Sns, "GetTopicAttributes", json!({ "TopicArn": topic })).await;
    assert_eq!((&seen["Attributes"]["DisplayName"], &seen["Attributes"]["SubscriptionsConfirmed"]), (&json!("T"), &json!("1")));
    let seen = same(both, Service::Sns, "ListTagsForResource", json!({ "ResourceArn": topic })).await;
    assert_eq!(seen["Tags"].as_array().unwrap().len(), 2);
    // The filter, raw delivery and the queue work as before.
    for value in ["v", "w"] {
        let attribute = json!({ "k": { "DataType": "String", "StringValue": value } });
        killed.call(Service::Sns, "Publish", json!({ "TopicArn": topic, "Message": value, "MessageAttributes": attribute })).await;
    }
    assert_eq!(killed.bodies("q").await, ["v"]);
    assert_eq!((killed.rows("topic"), killed.rows("subscription")), (1, 1), "deleted rows are removed from the store");
}

#[tokio::test(start_paused = true)]
async fn the_sequence_and_the_deduplication_of_a_fifo_topic_survive_a_kill() {
    let world = World::new();
    let fifo = json!({ "FifoTopic": "true", "ContentBasedDeduplication": "true" });
    let topic = text(&world.call(Service::Sns, "CreateTopic", json!({ "Name": "t.fifo", "Attributes": fifo })).await, "TopicArn");
    let publish = |body: &str| json!({ "TopicArn": topic, "Message": body, "MessageGroupId": "g" });
    let first = world.call(Service::Sns, "Publish", publish("1")).await;
    sleep(Duration::from_secs(299)).await;
    let killed = world.killed();
    assert_eq!(same([&world, &killed], Service::Sns, "Publish", publish("1")).await, first);
    sleep(Duration::from_secs(1)).await;
    let second = killed.call(Service::Sns, "Publish", publish("1")).await;
    assert_eq!((text(&first, "SequenceNumber"), text(&second, "SequenceNumber")), (format!("{:020}", 1), format!("{:020}", 2)));
    assert_eq!(killed.rows("deduplication"), 1);
}

/// Stops a publish between its deliveries to two queues. The store must have both or none.
#[tokio::test(start_paused = true)]
async fn a_kill_leaves_a_message_in_all_subscribed_queues_or_in_none() {
    let world = World::new();
    let topic = text(&world.call(Service::Sns, "CreateTopic", json!({ "Name": "t" })).await, "TopicArn");
    for queue in ["a", "b"] {
        world.sqs("CreateQueue", json!({ "QueueName": queue })).await;
        let endpoint = format!("arn:aws:sqs:us-east-1:000000000000:{queue}");
        world.call(Service::Sns, "Subscribe", json!({ "TopicArn": topic, "Protocol": "sqs", "Endpoint": endpoint })).await;
    }
    // The steps of a publish between its first and last delivery, while another call ends.
    let mut inlet = world.aws.shared.sqs.inlet();
    inlet.deliver("a", "x".into(), BTreeMap::new(), None, None).unwrap();
    world.call(Service::Logs, "CreateLogGroup", json!({ "logGroupName": "g" })).await;
    assert_eq!(world.killed().rows("message"), 0);
    inlet.deliver("b", "x".into(), BTreeMap::new(), None, None).unwrap();
    drop(inlet);
    world.call(Service::Logs, "DescribeLogGroups", json!({})).await;
    assert_eq!(world.killed().rows("message"), 2);

    world.call(Service::Sns, "Publish", json!({ "TopicArn": topic, "Message": "y" })).await;
    assert_eq!(world.killed().rows("message"), 4);
}

/// Takes one request. Returns its body, and the stream for the answer.
async fn take(listener: &TcpListener) -> (Value, TcpStream) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut read = Vec::new();
    loop {
        stream.read_buf(&mut read).await.unwrap();
        let text = String::from_utf8_lossy(&read);
        if let Some((_, body)) = text.split_once("\r\n\r\n")
            && let Ok(body) = serde_json::from_str(body)
        {
            return (body, stream);
        }
    }
}

async fn accept((body, mut stream): (Value, TcpStream)) -> Value {
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    body
}

fn open(folder: &Path) -> (LocalAws, Arc<Store>) {
    let options = options(Clock::system());
    let store = Arc::new(Store::open(folder, &options.region, &options.account).unwrap());
    (LocalAws::on(&store, options).unwrap(), store)
}

/// Uses the real clock, because it needs a socket. A dropped runtime stands for a process that ends.
#[test]
fn a_notification_that_an_http_endpoint_has_not_accepted_is_sent_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = Runtime::new().unwrap();
    let (arn, published, listener) = runtime.block_on(async {
        let (aws, _) = open(folder.path());
        let call = |operation: &'static str, input: Value| aws.dispatch(Service::Sns, operation, input, None);
        let topic = text(&call("CreateTopic", json!({ "Name": "t" })).await.unwrap(), "TopicArn");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}/", listener.local_addr().unwrap());
        call("Subscribe", json!({ "TopicArn": topic, "Protocol": "http", "Endpoint": endpoint })).await.unwrap();
        let token = accept(take(&listener).await).await["Token"].clone();
        let confirmed = call("ConfirmSubscription", json!({ "TopicArn": topic, "Token": token })).await.unwrap();
        let published = call("Publish", json!({ "TopicArn": topic, "Message": "m" })).await.unwrap();
        // The notification arrives, and the endpoint is killed before it is answered.
        take(&listener).await;
        (confirmed["SubscriptionArn"].clone(), published, listener.into_std().unwrap())
    });
    drop(runtime);
    Runtime::new().unwrap().block_on(async {
        let listener = TcpListener::from_std(listener).unwrap();
        let (aws, store) = open(folder.path());
        let again = async {
            loop {
                let body = accept(take(&listener).await).await;
                // The kill may come before the confirmation is stored as delivered. Then that is sent again too.
                if body["Type"] == "Notification" {
                    return body;
                }
            }
        };
        assert_eq!(timeout(PATIENCE, again).await.unwrap()["MessageId"], published["MessageId"]);
        let confirmed = aws.dispatch(Service::Sns, "GetSubscriptionAttributes", json!({ "SubscriptionArn": arn }), None).await.unwrap();
        assert_eq!(confirmed["Attributes"]["PendingConfirmation"], "false");
        let taken = async {
            while rows(&store, "post") > 0 {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, taken).await.unwrap();
    });
}
