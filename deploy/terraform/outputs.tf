output "slipway_toml" {
  description = "The daemon's configuration: the text of a slipway.toml, and what the deployed daemon has in SLIPWAY_CONFIG_TOML."
  value       = local.config
}

output "jobs_queue_url" {
  description = "Where jobs go. A standard queue: senders set MessageGroupId to the job's tenant, so that SQS hands out fairly between tenants."
  value       = aws_sqs_queue.jobs.url
}

output "jobs_queue_arn" {
  description = "The job queue's ARN."
  value       = aws_sqs_queue.jobs.arn
}

output "dead_letter_queue_url" {
  description = "Where rejected and poisoned messages are."
  value       = aws_sqs_queue.dead_letters.url
}

output "topic_arn" {
  description = "Where events come from; docs/subscribers.md says how to filter them."
  value       = aws_sns_topic.events.arn
}

output "project_name" {
  description = "The CodeBuild project."
  value       = aws_codebuild_project.builds.name
}

output "registry" {
  description = "The registry that images are pushed to; null where builds may push to no repository."
  value       = local.has_images ? local.registry : null
}

output "build_role_arn" {
  description = "The builds' role, for policies of buckets and keys that let it in."
  value       = aws_iam_role.builds.arn
}

output "daemon_policy_arn" {
  description = "What the daemon may do, for the role of one that runs elsewhere."
  value       = aws_iam_policy.daemon.arn
}

output "daemon_role_arn" {
  description = "The role of the daemon that runs here; null where none does."
  value       = one(aws_iam_role.daemon[*].arn)
}

output "sender_policy" {
  description = "What a system that sends jobs needs, as a policy's text."
  value = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "SendJobs"
      Effect   = "Allow"
      Action   = ["sqs:SendMessage"]
      Resource = [aws_sqs_queue.jobs.arn]
    }]
  })
}

output "client_toml" {
  description = "The file for those who send jobs and follow them with `slipway --client client.toml`. Nothing in it is secret."
  value       = <<-END
    queue_url = ${jsonencode(aws_sqs_queue.jobs.url)}
    topic_arn = ${jsonencode(aws_sns_topic.events.arn)}
    projects = ${jsonencode([aws_codebuild_project.builds.name])}
  END
}

output "follower_policy" {
  description = "What somebody who sends jobs and follows them with `slipway submit --follow` needs, as a policy's text."
  value       = local.policies.follower
}

output "send_a_job" {
  description = "A command that sends the job in job.json for the tenant team-a."
  value       = "aws sqs send-message --queue-url ${aws_sqs_queue.jobs.url} --message-group-id team-a --message-body file://job.json"
}
