# Where jobs come in and events go out, and who of another account may use them. Whoever is of this account needs a policy of its own.

locals {
  # SNS takes no star in a topic's policy.
  topic_actions = [
    "sns:AddPermission", "sns:DeleteTopic", "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic",
    "sns:Publish", "sns:RemovePermission", "sns:SetTopicAttributes", "sns:Subscribe",
  ]
  only_by_tls = {
    Sid       = "OnlyByTls"
    Effect    = "Deny"
    Principal = "*"
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }
}

# A standard queue. Senders set MessageGroupId to the job's tenant, which makes it a fair queue: SQS then hands out a quiet tenant's
# messages before those of one that floods it. The daemon's own turns and limits hold in any case.
resource "aws_sqs_queue" "jobs" {
  name = "${var.name}-jobs"
  # The daemon's receives and extensions name their own times; this one is for whoever looks into the queue by hand.
  visibility_timeout_seconds = 120
  message_retention_seconds  = 1209600
  receive_wait_time_seconds  = 20
  max_message_size           = 262144
  sqs_managed_sse_enabled    = true
  tags                       = var.tags

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    maxReceiveCount     = var.max_receives
  })

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [merge(local.only_by_tls, { Action = "sqs:*", Resource = "${local.queue_prefix}:${var.name}-jobs" })],
      [for senders in [sort(var.sender_arns)] : {
        Sid       = "SendersElsewhere"
        Effect    = "Allow"
        Principal = { AWS = senders }
        Action    = "sqs:SendMessage"
        Resource  = "${local.queue_prefix}:${var.name}-jobs"
      } if length(senders) > 0],
    )
  })
}

# What is no valid job, with the reasons as an attribute, and what was received too often.
resource "aws_sqs_queue" "dead_letters" {
  name                      = "${var.name}-jobs-dlq"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
  tags                      = var.tags

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    # Not the queue's attribute: that queue names this one.
    sourceQueueArns = ["${local.queue_prefix}:${var.name}-jobs"]
  })

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [merge(local.only_by_tls, { Action = "sqs:*", Resource = "${local.queue_prefix}:${var.name}-jobs-dlq" })]
  })
}

# Hints that a build has moved on: worth nothing after minutes, so they need no dead-letter queue.
resource "aws_sqs_queue" "build_events" {
  name                      = "${var.name}-build-events"
  message_retention_seconds = 300
  receive_wait_time_seconds = 20
  sqs_managed_sse_enabled   = true
  tags                      = var.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [merge(local.only_by_tls, { Action = "sqs:*", Resource = "${local.queue_prefix}:${var.name}-build-events" }), {
      Sid       = "OnlyTheRule"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = "${local.queue_prefix}:${var.name}-build-events"
      Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.build_events.arn } }
    }]
  })
}

resource "aws_cloudwatch_event_rule" "build_events" {
  name        = "${var.name}-build-events"
  description = "Builds of the project ${var.name} that begin and end"
  tags        = var.tags

  event_pattern = jsonencode({
    source      = ["aws.codebuild"]
    detail-type = ["CodeBuild Build State Change"]
    detail      = { project-name = [var.name] }
  })
}

resource "aws_cloudwatch_event_target" "build_events" {
  rule = aws_cloudwatch_event_rule.build_events.name
  arn  = aws_sqs_queue.build_events.arn
}

resource "aws_sns_topic" "events" {
  name              = "${var.name}-events"
  kms_master_key_id = "alias/aws/sns"
  tags              = var.tags
}

resource "aws_sns_topic_policy" "events" {
  arn = aws_sns_topic.events.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [merge(local.only_by_tls, { Action = local.topic_actions, Resource = aws_sns_topic.events.arn })],
      [for subscribers in [sort(var.subscriber_arns)] : {
        Sid       = "SubscribersElsewhere"
        Effect    = "Allow"
        Principal = { AWS = subscribers }
        Action    = "sns:Subscribe"
        Resource  = aws_sns_topic.events.arn
      } if length(subscribers) > 0],
    )
  })
}
