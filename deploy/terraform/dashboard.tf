# One page: is it alive, is it behind, how do the builds do.

locals {
  # Each chart: its title, how values are summed up, and its lines.
  charts = [
    ["Jobs on the queue", "Maximum", [
      ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", aws_sqs_queue.jobs.name, { label = "not received" }],
      ["AWS/SQS", "ApproximateNumberOfMessagesNotVisible", "QueueName", aws_sqs_queue.jobs.name, { label = "waiting or building" }],
      ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", aws_sqs_queue.dead_letters.name, { label = "dead letters" }],
    ]],
    ["Age of the oldest job, in seconds", "Maximum", [
      ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", aws_sqs_queue.jobs.name],
    ]],
    ["Receives", "Sum", [
      ["AWS/SQS", "NumberOfEmptyReceives", "QueueName", aws_sqs_queue.jobs.name, { label = "empty" }],
      ["AWS/SQS", "NumberOfMessagesReceived", "QueueName", aws_sqs_queue.jobs.name, { label = "messages" }],
      ["AWS/SQS", "NumberOfMessagesDeleted", "QueueName", aws_sqs_queue.jobs.name, { label = "jobs ended" }],
    ]],
    ["Builds", "Sum", [
      ["AWS/CodeBuild", "Builds", "ProjectName", aws_codebuild_project.builds.name, { label = "started" }],
      ["AWS/CodeBuild", "SucceededBuilds", "ProjectName", aws_codebuild_project.builds.name, { label = "succeeded" }],
      ["AWS/CodeBuild", "FailedBuilds", "ProjectName", aws_codebuild_project.builds.name, { label = "failed" }],
    ]],
    ["Seconds of a build", "Average", [
      ["AWS/CodeBuild", "QueuedDuration", "ProjectName", aws_codebuild_project.builds.name, { label = "in CodeBuild's queue" }],
      ["AWS/CodeBuild", "ProvisioningDuration", "ProjectName", aws_codebuild_project.builds.name, { label = "provisioning" }],
      ["AWS/CodeBuild", "BuildDuration", "ProjectName", aws_codebuild_project.builds.name, { label = "building" }],
    ]],
    ["Events", "Sum", [
      ["AWS/SNS", "NumberOfMessagesPublished", "TopicName", aws_sns_topic.events.name, { label = "published" }],
      ["AWS/SNS", "NumberOfNotificationsFailed", "TopicName", aws_sns_topic.events.name, { label = "not delivered" }],
    ]],
    ["Troubles of the daemon", "Sum", [for name in keys(local.log_metrics) : [local.namespace, name]]],
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name

  dashboard_body = jsonencode({
    widgets = [
      for at, chart in local.charts : {
        type   = "metric"
        x      = at % 3 * 8
        y      = floor(at / 3) * 6
        width  = 8
        height = 6
        properties = {
          title   = chart[0]
          stat    = chart[1]
          metrics = chart[2]
          region  = local.region
          period  = 300
          view    = "timeSeries"
        }
      }
    ]
  })
}
