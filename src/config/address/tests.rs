use super::{Rule, is_same_queue, profile, project, queue, region, registry, source, topic};

#[test]
fn the_region_is_read_from_every_form_of_an_address() {
    for (address, expected) in [
        ("https://sqs.eu-west-1.amazonaws.com/123456789012/jobs", Some("eu-west-1")),
        ("https://sqs-fips.us-gov-west-1.amazonaws.com/123456789012/jobs", Some("us-gov-west-1")),
        ("https://eu-west-1.queue.amazonaws.com/123456789012/jobs", Some("eu-west-1")),
        ("https://sqs.cn-north-1.amazonaws.com.cn/123456789012/jobs", Some("cn-north-1")),
        ("https://sqs.eu-west-1.api.aws/123456789012/jobs", Some("eu-west-1")),
        ("https://vpce-0-a.sqs.eu-west-1.vpce.amazonaws.com/123456789012/jobs", Some("eu-west-1")),
        ("https://queue.amazonaws.com/123456789012/jobs", None),
        ("https://sqs.example.com/123456789012/jobs", None),
        ("http://127.0.0.1:4566/000000000000/jobs", None),
        ("arn:aws:sns:eu-west-1:123456789012:events", Some("eu-west-1")),
    ] {
        assert_eq!(region(address), expected, "{address}");
    }
    let at_aws = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";
    assert!(is_same_queue(at_aws, "https://eu-west-1.queue.amazonaws.com/123456789012/jobs"));
    assert!(is_same_queue("http://127.0.0.1:4566/000000000000/jobs", "http://localhost:4566/000000000000/jobs"));
    assert!(!is_same_queue(at_aws, "https://sqs.eu-west-2.amazonaws.com/123456789012/jobs"));
    assert!(!is_same_queue(at_aws, "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs-dlq"));
}

#[test]
fn addresses_are_told_from_what_only_looks_like_one() {
    type Case = (fn(&str) -> Result<(), Rule>, &'static [&'static str], &'static [&'static str]);
    let table: [Case; 6] = [
        (
            queue,
            &[
                "https://sqs.eu-west-1.amazonaws.com/123456789012/slipway-jobs",
                "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs.fifo",
                "http://127.0.0.1:4566/000000000000/jobs",
                "http://[::1]:4566/000000000000/jobs",
                "http://sqs.localhost:4566/000000000000/jobs",
            ],
            &[
                "",
                "slipway-jobs",
                "arn:aws:sqs:eu-west-1:123456789012:slipway-jobs",
                "http://sqs.eu-west-1.amazonaws.com/123456789012/slipway-jobs",
                "https://sqs.eu-west-1.amazonaws.com/12345678901/slipway-jobs",
                "https://sqs.eu-west-1.amazonaws.com/123456789012/",
                "https://sqs.eu-west-1.amazonaws.com/123456789012/slipway-jobs/",
                "https://sqs.eu-west-1.amazonaws.com/123456789012/.fifo",
                "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs?Action=Purge",
                "https://me:secret@sqs.eu-west-1.amazonaws.com/123456789012/jobs",
            ],
        ),
        (
            topic,
            &[
                "arn:aws:sns:eu-west-1:123456789012:events",
                "arn:aws-cn:sns:cn-north-1:123456789012:events.fifo",
                "arn:aws-us-gov:sns:us-gov-west-1:123456789012:events",
            ],
            &[
                "",
                "events",
                "arn:aws:sqs:eu-west-1:123456789012:events",
                "arn:aws:sns::123456789012:events",
                "arn:aws:sns:eu-west-1:1234:events",
                "arn:aws:sns:eu-west-1:123456789012:",
                "arn:aws:sns:eu-west-1:123456789012:events:0c9e2b34",
            ],
        ),
        (project, &["codebuild-flex", "b2"], &["", "b", "-flex", "codebuild flex", "arn:aws:codebuild"]),
        (
            registry,
            &["123456789012.dkr.ecr.eu-west-1.amazonaws.com", "localhost:5000", "ghcr.io/acme/images"],
            &["", "https://ghcr.io", "ghcr.io/", "ghcr.io/Acme", "ghcr.io//acme", "ghcr.io:0", "ghcr.io:port", "a b"],
        ),
        (profile, &["default", "arm-64", "v1.2_x"], &["", "a b", "a/b"]),
        (
            source,
            &[
                "https://github.com/acme/*",
                "https://github.com/*",
                "https://git.example.com:8443/*/app.git",
                "https://*.example.com/*",
                "s3://sources-123/*",
                "file:///*",
                "file:///srv/git/app",
            ],
            &[
                "",
                "*",
                "github.com/acme/*",
                "http://github.com/acme/*",
                "ssh://git@github.com/acme/*",
                "https://github.com",
                "https://github.com*",
                "https://*",
                "https://*/acme",
                "https://*.com/*",
                "https://*.*.example.com/*",
                "https://git*.example.com/*",
                "https://me:secret@github.com/*",
                "https://GitHub.com/acme/*",
                "s3://*/key",
                "s3://bucket",
                "file://host/path",
                "file://*",
                "file:///",
                "https://github.com/acme app",
            ],
        ),
    ];
    for (rule, right, wrong) in table {
        for text in right {
            assert_eq!(rule(text), Ok(()), "{text}");
        }
        for text in wrong {
            assert!(rule(text).is_err(), "{text}");
        }
    }
}
