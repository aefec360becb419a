//! The descriptions of the metrics.

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

/// Gives the metrics' descriptions to the recorder. Called once, after it is installed.
pub fn describe() {
    describe_counter!("slipway_messages_received_total", Unit::Count, "Messages received, repeats included");
    describe_counter!(
        "slipway_messages_last_receive_total",
        Unit::Count,
        "Messages received as often as the queue's redrive policy allows: their next receive would be the dead-letter queue's"
    );
    describe_counter!("slipway_messages_rejected_total", Unit::Count, "Messages that were no valid jobs");
    describe_gauge!("slipway_jobs_waiting", Unit::Count, "Jobs that wait for a place among the running");
    describe_gauge!("slipway_jobs_running", Unit::Count, "Builds that are followed now");
    describe_counter!(
        "slipway_dead_letters_refused_total",
        Unit::Count,
        "Times that a dead-letter queue refused a message: somebody must act"
    );
    describe_counter!("slipway_dead_letters_told_total", Unit::Count, "Messages that were received too often, told by report_dead_letters");
    describe_counter!("slipway_jobs_finished_total", Unit::Count, "Jobs whose terminal event was accepted, by status");
    describe_counter!("slipway_builds_started_total", Unit::Count, "Builds started");
    describe_gauge!(
        "slipway_builds_limit",
        Unit::Count,
        "Builds that are run at once in a project: configured, and learned from CodeBuild's refusals"
    );
    describe_counter!("slipway_starts_refused_total", Unit::Count, "Starts for which CodeBuild had no capacity, by project");
    describe_gauge!(
        "slipway_starts_per_second",
        Unit::CountPerSecond,
        "Builds that are started in a second at most, as of CodeBuild's last throttle"
    );
    describe_counter!("slipway_builds_adopted_total", Unit::Count, "Builds found that an earlier process had started");
    describe_counter!("slipway_attempts_failed_total", Unit::Count, "Attempts that the platform failed and that are made again");
    describe_counter!("slipway_leases_lost_total", Unit::Count, "Leases that ran out or were taken over");
    describe_counter!("slipway_publish_refused_total", Unit::Count, "Events that the topic refuses: somebody must act");
    describe_counter!(
        "slipway_push_not_understood_total",
        Unit::Count,
        "Receives of messages on the queue of build events that are no build events"
    );
    describe_counter!("slipway_jobs_panicked_total", Unit::Count, "Jobs whose task panicked: a fault of the daemon");
    describe_counter!("slipway_aws_calls_total", Unit::Count, "AWS calls by operation and result");
    describe_counter!("slipway_aws_throttles_total", Unit::Count, "AWS calls that were throttled, by operation");
    describe_gauge!("slipway_pauses", Unit::Count, "What is paused: everything, queues, tenants and profiles count one each");
    describe_counter!("slipway_log_lines_dropped_total", Unit::Count, "Log lines that stderr could not take");
    for status in ["succeeded", "failed", "timed_out", "cancelled", "superseded", "errored"] {
        counter!("slipway_jobs_finished_total", "status" => status).absolute(0);
    }
    counter!("slipway_messages_received_total").absolute(0);
    counter!("slipway_messages_rejected_total").absolute(0);
    counter!("slipway_messages_last_receive_total").absolute(0);
    counter!("slipway_dead_letters_refused_total").absolute(0);
    counter!("slipway_jobs_panicked_total").absolute(0);
    counter!("slipway_publish_refused_total").absolute(0);
    counter!("slipway_log_lines_dropped_total").absolute(0);
    gauge!("slipway_jobs_waiting").set(0);
    gauge!("slipway_jobs_running").set(0);
    gauge!("slipway_pauses").set(0);
}
