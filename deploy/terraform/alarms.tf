# What somebody should be told of. docs/operations.md says what to do about each.

locals {
  oldest_message_seconds = coalesce(var.oldest_message_seconds, max(3600, 180 * var.timeout_minutes))
  namespace              = "Slipway/${var.name}"

  # The daemon counts these for Prometheus; here they are counted by the sentence that it logs with each, or, of what lasts,
  # every ten minutes at most: an alarm looks at fifteen.
  log_metrics = {
    throttled = {
      pattern     = "?Throttling ?ThrottlingException ?Throttled ?ThrottledException ?RequestThrottled ?RequestLimitExceeded ?TooManyRequestsException"
      threshold   = 10
      description = "AWS throttles calls of the daemon even when they are repeated: raise the quota, or look less often."
    }
    publishes-refused = {
      pattern     = "\"the topic refuses an event\""
      threshold   = 0
      description = "The topic refuses events: it is gone, or the daemon may not publish. Jobs cannot end until it does."
    }
    calls-denied = {
      pattern     = "\"AWS denies a call\""
      threshold   = 0
      description = "AWS denies calls of the daemon: its role, or a policy on the way, lacks what deploy/policy.json lists. The log line names the operation."
    }
    jobs-errored = {
      pattern     = "\"the platform failed a job\""
      threshold   = 0
      description = "Jobs end as errored: the platform failed all their attempts, or refused to start their builds."
    }
    dead-letters-refused = {
      pattern     = "\"the dead-letter queue refuses a message\""
      threshold   = 0
      description = "Rejected messages cannot go to the dead-letter queue: it is gone, takes less than the message, or the daemon may not send there."
    }
    leases-lost = {
      pattern     = "\"lost the lease on a message\""
      threshold   = 5
      description = "Messages were taken over or ran out: another daemon, or SQS cannot be reached in time."
    }
    jobs-panicked = {
      pattern     = "\"a job's task panicked\""
      threshold   = 0
      description = "A fault of the daemon itself; the job's message comes back."
    }
    last-receives = {
      pattern     = "\"a message was received as often as the queue allows\""
      threshold   = 0
      description = "If the daemon dies before the end of such a message's job, the message goes to the dead-letter queue: see why it was received so often, or raise max_receives."
    }
    pushes-not-understood = {
      pattern     = "\"a message on the queue of build events is none\""
      threshold   = 0
      description = "The queue of pushed build events gets other messages, which are left there: somebody else uses it."
    }
    log-lines-dropped = {
      pattern     = "\"log lines were dropped\""
      threshold   = 0
      description = "The log has holes, and these alarms with it: the log driver could not take what the daemon wrote."
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "unread" {
  alarm_name          = "${var.name}-jobs-unread"
  alarm_description   = "Jobs have been visible on the queue for a quarter of an hour: there is no daemon, or it holds as many as limits.waiting allows."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.jobs.name }
  statistic           = "Minimum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "oldest" {
  alarm_name          = "${var.name}-jobs-old"
  alarm_description   = "A job has not ended for ${local.oldest_message_seconds} seconds since it was sent: raise limits.running, or see what its build does."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = aws_sqs_queue.jobs.name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = local.oldest_message_seconds
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = "${var.name}-dead-letters"
  alarm_description   = "Messages are in the dead-letter queue: rejected ones say why in the attribute slipway.problems, others were received too often."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letters.name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
  tags                = var.tags
}

# ECS measures a service only while a task of it runs.
resource "aws_cloudwatch_metric_alarm" "absent" {
  count = local.has_daemon && var.desired_count > 0 ? 1 : 0

  alarm_name        = "${var.name}-no-daemon"
  alarm_description = "No daemon has run for a quarter of an hour: its last log lines and the service's events say why."
  namespace         = "AWS/ECS"
  metric_name       = "CPUUtilization"
  dimensions = {
    ClusterName = element(split("/", local.cluster_arn), 1)
    ServiceName = aws_ecs_service.daemon[0].name
  }
  statistic           = "SampleCount"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = 300
  evaluation_periods  = 3
  treat_missing_data  = "breaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
  tags                = var.tags
}

resource "aws_cloudwatch_log_metric_filter" "daemon" {
  for_each = local.has_daemon ? local.log_metrics : {}

  name           = "${var.name}-${each.key}"
  log_group_name = aws_cloudwatch_log_group.daemon[0].name
  pattern        = each.value.pattern

  metric_transformation {
    namespace     = local.namespace
    name          = each.key
    value         = "1"
    default_value = "0"
  }
}

resource "aws_cloudwatch_metric_alarm" "daemon" {
  for_each = local.has_daemon ? local.log_metrics : {}

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = local.namespace
  metric_name         = aws_cloudwatch_log_metric_filter.daemon[each.key].metric_transformation[0].name
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = 900
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
  tags                = var.tags
}
