//! The rules of queues: each serves one purpose, and all lie in one region.

use super::{least_with, read};

#[test]
fn queues_serve_one_purpose_in_one_region() {
    let url = "url = \"https://sqs.eu-west-1.amazonaws.com/123456789012/slipway-jobs\"";
    let queue = |rest: &str| format!("{url}\n{rest}");
    let section = |rest: &str| format!("{rest}\n[limits]");
    let table: &[(&str, &str, &str)] = &[
        (url, &queue(&format!("[[queues]]\n{url}")), "is queues[0].url already; name each queue once"),
        (url, &queue(&format!("dead_letter_{url}")), "must not be a queue that jobs come from"),
        (
            url,
            &queue(&format!("dead_letter_{}", url.replace("sqs.eu-west-1", "eu-west-1.queue"))),
            "queues[0].dead_letter_url = \"https://eu-west-1.queue.amazonaws.com/123456789012/slipway-jobs\" (line 4): must not be a queue that jobs come from, \
             as queues[0].url is",
        ),
        (
            "[limits]",
            &section(&format!("[[queues]]\n{0}-2\"\ndead_letter_{0}-dlq\"\n[watch]\nevents_queue_{0}-dlq\"", url.trim_end_matches('"'))),
            "must not be a queue that rejected messages go to, as queues[1].dead_letter_url is",
        ),
        (url, &queue(&format!("dead_letter_{}.fifo\"", url.trim_end_matches('"'))), "must be a FIFO queue where the job queue is one"),
        (url, &url.replace("eu-west-1", "eu-west-2"), "is in eu-west-1, and queues[0].url in eu-west-2: all must be in the region"),
        (
            url,
            &format!("{}.fifo\"\nreport_dead_letters = true", url.trim_end_matches('"')),
            "queues[0].report_dead_letters = true (line 4): cannot be on for a FIFO queue",
        ),
        (url, &queue("envelope = \"SNS\""), "queues[0].envelope = \"SNS\" (line 4): must be \"sns\" or \"eventbridge\""),
        ("[limits]", &section(&format!("[watch]\nevents_queue_{url}")), "must not be a queue that jobs come from"),
    ];
    for (replaced, by, expected) in table {
        let faults = read(&least_with(replaced, by)).map(|_| "nothing");
        assert!(faults.as_ref().is_err_and(|faults| faults.contains(expected)), "{by}\n  expected {expected}\n  got {faults:?}");
    }
}
