# Slipway on AWS: the queues and the topic, the CodeBuild project with its role, the daemon on ECS Fargate, alarms and a dashboard.
# Each file has one part; the permissions are in ../policy*.json, which the CloudFormation template is held to as well.

data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}
data "aws_region" "this" {}

locals {
  account   = data.aws_caller_identity.this.account_id
  partition = data.aws_partition.this.partition
  # `id` is the name in every version of the provider; `name` and `region` are not.
  region   = data.aws_region.this.id
  registry = "${local.account}.dkr.ecr.${local.region}.${data.aws_partition.this.dns_suffix}"

  queue_prefix      = "arn:${local.partition}:sqs:${local.region}:${local.account}"
  repository_prefix = "arn:${local.partition}:ecr:${local.region}:${local.account}:repository"
  project_arn       = "arn:${local.partition}:codebuild:${local.region}:${local.account}:project/${var.name}"

  # Whether jobs can ask for images at all.
  has_images = length(var.repositories) + length(var.repository_patterns) > 0
  has_daemon = var.image != null

  # The whole configuration of the daemon.
  config = templatefile("${path.module}/slipway.toml.tftpl", {
    jobs_url         = aws_sqs_queue.jobs.url
    dead_letters_url = aws_sqs_queue.dead_letters.url
    build_events_url = aws_sqs_queue.build_events.url
    topic_arn        = aws_sns_topic.events.arn
    events           = var.events
    running          = var.running
    per_tenant       = var.per_tenant
    project          = aws_codebuild_project.builds.name
    registry         = local.has_images ? local.registry : null
    sources          = var.sources
    timeout_minutes  = var.timeout_minutes
    log_group        = aws_cloudwatch_log_group.builds.name
    environment = concat(
      var.build_environment,
      [for repository in aws_ecr_repository.cache : { name = "SLIPWAY_CACHE", value = repository.repository_url, type = "PLAINTEXT" }],
    )
    grace_seconds = var.grace_seconds
    more_limits   = var.more_limits
    more_profile  = var.more_profile
    profiles = {
      for name, profile in var.profiles : name => merge(
        { project = aws_codebuild_project.builds.name, log_group = aws_cloudwatch_log_group.builds.name, timeout_minutes = var.timeout_minutes },
        local.has_images ? { registry = local.registry } : {},
        profile,
      )
    }
    more = var.more_config
  })
}
