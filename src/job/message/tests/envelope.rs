//! Messages in envelopes that their senders should not use.

use super::*;
use crate::config::Envelope;

fn wrapped(message: &Value) -> [(Envelope, Value); 2] {
    let sns = json!({
        "Type": "Notification", "MessageId": "m", "TopicArn": "arn:aws:sns:eu-west-1:123456789012:jobs", "Message": message.to_string(),
    });
    let event = json!({ "version": "0", "id": "e", "source": "acme.ci", "detail-type": "build wanted", "detail": message });
    [(Envelope::Sns, sns), (Envelope::EventBridge, event)]
}

#[test]
fn a_recognised_mistake_is_the_only_problem_and_says_what_to_do() {
    let [(_, sns), (_, event)] = wrapped(&full());
    let mut confirmation = sns.clone();
    confirmation["Type"] = "SubscriptionConfirmation".into();
    let pointer = json!(["software.amazon.payloadoffloading.PayloadS3Pointer", { "s3BucketName": "b", "s3Key": "k" }]);
    let own = json!({ "specversion": "1.0", "id": "app-1/finished", "type": "slipway.job.finished", "subject": "app-1", "data": {} });
    let mut own_in_sns = sns.clone();
    own_in_sns["Message"] = own.to_string().into();
    for (body, expected) in [
        (own.to_string(), "the daemon's own events: the jobs queue is subscribed to the topic of its events"),
        (own_in_sns.to_string(), "remove this subscription"),
        (sns.to_string(), "subscribe the queue with RawMessageDelivery"),
        (confirmation.to_string(), "confirm the subscription, or ask its owner to"),
        (event.to_string(), "the input path `$.detail`"),
        (pointer.to_string(), "an extended client's pointer to S3"),
        ("eyJ2ZXJzaW9uIjogMSwgInNvdXJjZSI6IHt9fQ==\n".to_owned(), "is JSON in base64"),
        ("ewogICJ2ZXJzaW9uIjogMQp9".to_owned(), "is JSON in base64"),
        ("H4sIAAAAAAAAA6tWKkstKs7Mz1OyMqwFAFNvPHwNAAAA".to_owned(), "is gzip in base64"),
        ("\u{1f}\u{fffd}\u{8}".to_owned(), "is gzip"),
        (Value::String(full().to_string()).to_string(), "it was encoded twice"),
    ] {
        let found = problems(&body);
        assert!(found.len() == 1 && found[0].contains(expected), "{body}: {found:?}");
    }
    for body in ["eye", "ewoks are not JSON", "[\"text\"]"] {
        assert!(!problems(body)[0].contains("base64"), "{body}");
    }
}

#[test]
fn a_byte_order_mark_is_skipped() {
    assert_eq!(read_text(&format!("\u{feff}{}", full())), read_value(&full()));
}

#[test]
fn an_envelope_is_removed_if_the_queue_is_configured_with_one() {
    for (envelope, body) in wrapped(&full()) {
        let message = unwrap(&body.to_string(), Some(envelope)).into_owned();
        assert_eq!(read_text(&message), read_value(&full()), "{envelope:?}");
        let bare = full().to_string();
        assert_eq!(unwrap(&bare, Some(envelope)), bare, "a body without the envelope is the message");
        assert_eq!(unwrap(&body.to_string(), None), body.to_string());
    }
}
