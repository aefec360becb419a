# The permissions, from the files that are also for those who use neither Terraform nor CloudFormation. A statement whose placeholders
# stand for nothing falls away.

locals {
  placeholders = {
    "$${jobs_queue_arn}"         = [aws_sqs_queue.jobs.arn]
    "$${dead_letter_queue_arn}"  = [aws_sqs_queue.dead_letters.arn]
    "$${build_events_queue_arn}" = [aws_sqs_queue.build_events.arn]
    "$${topic_arn}"              = [aws_sns_topic.events.arn]
    "$${project_arn}"            = [local.project_arn]

    # What those who follow a job call their own queue on the topic.
    "$${follower_queue_arns}" = ["${local.queue_prefix}:slipway-follow-*"]

    "$${build_log_group_arn}:log-stream:*"  = ["${aws_cloudwatch_log_group.builds.arn}:log-stream:*"]
    "$${daemon_log_group_arn}:log-stream:*" = [for group in aws_cloudwatch_log_group.daemon : "${group.arn}:log-stream:*"]

    "$${repository_arns}" = concat(
      [for repository in aws_ecr_repository.images : repository.arn],
      [for pattern in sort(var.repository_patterns) : "${local.repository_prefix}/${pattern}"],
      aws_ecr_repository.cache[*].arn,
    )
    "$${base_repository_arns}" = sort(var.base_repository_arns)
    "$${image_repository_arn}" = local.image_repository_arn
    "$${tokens_secret_arn}"    = compact([var.tokens_secret_arn])
    "$${secret_arns}"          = sort(var.secret_arns)
    "$${parameter_arns}"       = sort(var.parameter_arns)
    "$${connection_arns}"      = sort(var.connection_arns)
    "$${source_bucket_arns}"   = sort(var.source_bucket_arns)
    "$${source_bucket_arns}/*" = [for arn in sort(var.source_bucket_arns) : "${arn}/*"]
    # The login at a registry is no repository's, and the end of a subscription no topic's: AWS knows them on everything or not at all.
    "*" = ["*"]
  }

  # An image in ECR is the container's to fetch; any other must be public.
  image_in_ecr = can(regex("^[0-9]{12}\\.dkr\\.ecr\\.[a-z0-9-]+\\.amazonaws\\.com(\\.cn)?/[^:@]+", coalesce(var.image, "none")))
  image_repository_arn = [
    for parts in regexall("^([0-9]{12})\\.dkr\\.ecr\\.([a-z0-9-]+)\\.amazonaws\\.com(?:\\.cn)?/([^:@]+)", coalesce(var.image, "none")) :
    "arn:${local.partition}:ecr:${parts[1]}:${parts[0]}:repository/${parts[2]}"
  ]

  # Who has nothing to fetch from a registry does not log in there.
  registry_login = {
    daemon    = false
    build     = local.has_images || length(var.base_repository_arns) > 0
    execution = local.image_in_ecr
    follower  = false
  }

  policy_files = {
    daemon    = "policy.json"
    build     = "policy-build.json"
    execution = "policy-execution.json"
    follower  = "policy-follower.json"
  }

  policies = {
    for name, file in local.policy_files : name => jsonencode({
      Version = "2012-10-17"
      Statement = [
        for statement in jsondecode(file("${path.module}/../${file}")).Statement :
        merge(statement, { Resource = flatten([for resource in statement.Resource : local.placeholders[resource]]) })
        if length(flatten([for resource in statement.Resource : local.placeholders[resource]])) > 0
        && (statement.Sid != "RegistryLogin" || local.registry_login[name])
      ]
    })
  }
}
