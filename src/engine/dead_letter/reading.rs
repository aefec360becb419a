//! Reads a dead letter: why it is there, and whether it would be accepted now.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

use crate::{
    aws::queue::Delivery,
    config::{Envelope, Profile},
    engine::{REASONS, dead_letter_reader::REASON},
    job::{
        message::{self, Message},
        policy,
        problem::Problem,
        standing::{DeadLetter, DeadLetterKind},
    },
};

/// A dead letter, and its problems under the present configuration. No problems: it would be accepted.
pub(super) struct Reading {
    pub(super) letter: DeadLetter,
    pub(super) today: Vec<Problem>,
}

/// The queue in which the message is.
pub(super) struct Place<'a> {
    /// The dead-letter queue's name.
    pub(super) queue: &'a str,
    pub(super) envelope: Option<Envelope>,
    /// How long the queue keeps messages, where it says so.
    pub(super) retention: Option<Duration>,
}

/// Reads one. Without profiles nothing is acceptable.
pub(super) fn read(delivery: &Delivery, place: &Place<'_>, profiles: Option<&BTreeMap<String, Profile>>) -> Reading {
    let body = message::unwrap(&delivery.body, place.envelope);
    let none = BTreeMap::new();
    let read = message::read(&body, &delivery.message_id, profiles.unwrap_or(&none));
    let (job, tenant, repository, today) = match read {
        Ok(Message::Job(job)) => {
            let repository = policy::repository(&job.source.url);
            (Some(job.id), Some(job.tenant), Some(repository), Vec::new())
        }
        Ok(Message::Cancel(cancel)) => (Some(cancel.id), None, None, Vec::new()),
        Err(rejection) => (rejection.id, rejection.tenant, None, rejection.problems),
    };
    let reasons = delivery.text(REASONS).map(problems).unwrap_or_default();
    let too_often = delivery.moved_from.is_some() || reasons.iter().any(|problem| problem.path.is_empty() && problem.problem == REASON);
    // There is no attribute with our reasons: it did not fit, or somebody else sent the message. Then its content decides.
    let kind =
        if too_often || (reasons.is_empty() && today.is_empty()) { DeadLetterKind::ReceivedTooOften } else { DeadLetterKind::Rejected };
    let problems = match kind {
        _ if !reasons.is_empty() => reasons,
        DeadLetterKind::ReceivedTooOften => vec![Problem { path: String::new(), problem: REASON.to_owned() }],
        DeadLetterKind::Rejected => today.clone(),
    };
    let until = |sent_at: Timestamp| sent_at.checked_add(place.retention?).ok();
    let letter = DeadLetter {
        id: delivery.message_id.to_string(),
        job: job.map(|id| id.to_string()),
        tenant: tenant.map(|tenant| tenant.to_string()),
        repository,
        queue: place.queue.to_owned(),
        kind,
        problems,
        acceptable: today.is_empty(),
        receives: delivery.receive_count,
        sent_at: delivery.sent_at.map(|time| time.to_string()),
        kept_until: delivery.sent_at.and_then(until).map(|time| time.to_string()),
        body: delivery.body.clone(),
    };
    Reading { letter, today }
}

/// Reads the problems back from the lines of the attribute.
fn problems(text: &str) -> Vec<Problem> {
    let problem = |line: &str| {
        let (path, problem) = line.split_once(": ").filter(|(path, _)| path.starts_with('/')).unwrap_or(("", line));
        Problem { path: path.to_owned(), problem: problem.to_owned() }
    };
    text.lines().map(problem).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::queue::Attribute;

    fn delivery(body: &str, reasons: Option<&str>, moved: bool) -> Delivery {
        Delivery {
            message_id: "m-1".into(),
            receipt: "r".into(),
            body: body.to_owned(),
            sent_at: Some(Timestamp::UNIX_EPOCH),
            receive_count: 3,
            attributes: reasons.map(|reasons| (REASONS.to_owned(), Attribute::string(reasons))).into_iter().collect(),
            trace_header: None,
            group: None,
            moved_from: moved.then(|| "arn:aws:sqs:us-east-1:000000000000:slipway-jobs".to_owned()),
        }
    }

    #[test]
    fn a_dead_letter_says_why_it_is_there_and_whether_it_would_be_accepted_now() {
        let profile = Profile { sources: vec!["https://github.com/acme/*".to_owned()], timeout_minutes: 60, ..Profile::default() };
        let profiles = BTreeMap::from([("default".to_owned(), profile)]);
        let good = r#"{"version":1,"id":"app-1","source":{"url":"https://github.com/acme/app"},"tenant":"a"}"#;
        let bad = r#"{"version":1,"id":"app-1","source":{"url":"https://github.com/evil/app"},"tenant":"a"}"#;
        let place = Place { queue: "dlq", envelope: None, retention: Some(Duration::from_mins(1)) };
        for (body, reasons, moved, kind, acceptable, first) in [
            (
                bad,
                Some("/source/url: is not allowed: at all\n/x: y"),
                false,
                DeadLetterKind::Rejected,
                false,
                ("/source/url", "is not allowed: at all"),
            ),
            (good, Some("/source/url: is not allowed"), false, DeadLetterKind::Rejected, true, ("/source/url", "is not allowed")),
            (good, Some("is not JSON: 1: 2"), false, DeadLetterKind::Rejected, true, ("", "is not JSON: 1: 2")),
            (good, None, true, DeadLetterKind::ReceivedTooOften, true, ("", REASON)),
            (good, Some(REASON), false, DeadLetterKind::ReceivedTooOften, true, ("", REASON)),
            (good, None, false, DeadLetterKind::ReceivedTooOften, true, ("", REASON)),
            (bad, None, true, DeadLetterKind::ReceivedTooOften, false, ("", REASON)),
        ] {
            let letter = read(&delivery(body, reasons, moved), &place, Some(&profiles)).letter;
            let found = (letter.kind, letter.acceptable, letter.problems[0].path.as_str(), letter.problems[0].problem.as_str());
            assert_eq!(found, (kind, acceptable, first.0, first.1), "{body} {reasons:?}");
            assert_eq!((letter.job.as_deref(), letter.tenant.as_deref()), (Some("app-1"), Some("a")));
            assert_eq!(letter.kept_until.as_deref(), Some("1970-01-01T00:01:00Z"));
        }
        let reading = read(&delivery(bad, None, false), &place, Some(&profiles));
        assert_eq!((reading.letter.kind, &reading.letter.problems), (DeadLetterKind::Rejected, &reading.today));
        assert!(!read(&delivery(good, None, true), &place, None).letter.acceptable, "nobody can say");
    }
}
