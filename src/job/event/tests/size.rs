//! Every event fits into an SNS message, and no more is cut than necessary.

use proptest::prelude::*;

use super::*;

#[test]
fn the_excerpt_is_cut_first_and_keeps_the_failure() {
    let mut lines: Vec<_> = (0..300).map(|n| format!("line {n} \"quoted\" ü")).collect();
    lines.insert(200, "[Container] 2026/01/28 20:47:37.1 Phase complete: BUILD State: FAILED".into());
    let event = finish(&job(), &build(), &failed(), log(&lines.join("\n")));
    let publication = event.publication(4_096);
    let published: Event = serde_json::from_str(&publication.body).unwrap();
    let published_log = published.data.log.unwrap();
    assert!(
        published_log.truncated && published_log.excerpt.contains("State: FAILED") && published_log.excerpt.contains("lines left out"),
        "{published_log:?}"
    );
    assert!(published_log.lines > 10 && publication.body.len() > 3_000, "what fits is used: {}", publication.body.len());
    assert_eq!((published.data.failure, published.data.job.labels), (event.data.failure, job().labels));
}

fn size(publication: &Publication) -> usize {
    let attributes: usize = publication.attributes.iter().map(|(name, value)| name.len() + "String".len() + value.len()).sum();
    publication.body.len() + publication.subject.len() + attributes
}

#[test]
fn an_event_fits_the_limit_and_leaves_few_bytes_unused() {
    let event = finish(&job(), &build(), &failed(), log(&"x\n".repeat(3_000)));
    for max in 4_096..4_160 {
        let size = size(&event.publication(max));
        assert!((max - 32..=max).contains(&size), "{size} of {max}");
    }
}

/// Text of any characters, sometimes long.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "\\PC{0,20}",
        1 => "[\u{0}-\u{1f}\"\\\\\u{fffe}\u{ffff}😀]{0,50}",
        1 => ("[\u{0}\"xü\n]", 1_usize..40_000).prop_map(|(text, times)| text.repeat(times)),
    ]
}

prop_compose! {
    fn any_event()(
        texts in prop::collection::vec(text(), 15),
        phases in 0_usize..20, images in 0_usize..20, problems in 0_usize..20, succeeded: bool,
    ) -> Event {
        let mut texts = texts.into_iter();
        let mut next = || texts.next().unwrap_or_default();
        let status = if succeeded { Status::Succeeded } else { Status::Errored };
        let failure = Failure { kind: FailureKind::Platform, phase: Some(next()), code: Some(next()), message: next(), command: Some(next()) };
        let phase = Phase { name: next().as_str().into(), status: Some(next().as_str().into()), ..Phase::default() };
        let mut job = job();
        job.profile = next();
        job.labels = (0..10).map(|n| (format!("k{n}"), next().chars().take(256).collect())).collect();
        let build = Build { phases: vec![phase; phases], commit: Some(next()), ..build() };
        let mut event = finish(&job, &build, &Outcome { status, failure: Some(failure) }, log(&next()));
        event.traceparent = Some(next());
        event.data.outputs = vec![(next(), next()); images].into_iter().enumerate().map(|(n, (name, value))| (format!("{n}{name}"), value)).collect();
        event.data.reason = Some(next());
        event.data.images = vec![ImageResult { reference: next(), digest: Some(next()) }; images];
        event.data.problems = vec![Problem { path: next(), problem: next() }; problems];
        event
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn every_event_fits_the_limit(event in any_event(), max in prop_oneof![Just(262_144_usize), 4_096_usize..20_000]) {
        let publication = event.publication(max);
        prop_assert!(size(&publication) <= max, "{} of {max}", size(&publication));
        let body: Value = serde_json::from_str(&publication.body).unwrap();
        prop_assert_eq!(&body["id"], "app-4711/finished");
        prop_assert!(SCHEMA.is_valid(&body));
        prop_assert!(publication.subject.len() < 100 && publication.subject.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        prop_assert!(publication.attributes.len() <= 10 && publication.attributes.values().all(|value| !value.is_empty()));
        let refused = publication.body.contains(['\u{FFFE}', '\u{FFFF}']);
        prop_assert!(!refused);
    }
}
