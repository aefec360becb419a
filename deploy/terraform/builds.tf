# The one project that every build runs on, and what builds may do.

resource "aws_cloudwatch_log_group" "builds" {
  # checkov:skip=CKV_AWS_158: CloudWatch encrypts it with a key of its own; a key of yours would need a key policy for the service
  # checkov:skip=CKV_AWS_338: how long is an input, and a year of build logs is much for most
  name              = "/aws/codebuild/${var.name}"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_iam_role" "builds" {
  name        = "${var.name}-builds"
  description = "What the builds of ${var.name} may do: whoever may send jobs can do it too"
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "codebuild.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { ArnEquals = { "aws:SourceArn" = local.project_arn } }
    }]
  })
}

resource "aws_iam_role_policy" "builds" {
  name   = "builds"
  role   = aws_iam_role.builds.name
  policy = local.policies.build
}

resource "aws_iam_role_policy_attachment" "builds" {
  for_each = var.build_policy_arns

  role       = aws_iam_role.builds.name
  policy_arn = each.value
}

resource "aws_codebuild_project" "builds" {
  # checkov:skip=CKV_AWS_316: docker needs it; a job cannot choose it, and its repository runs nothing outside of docker
  name           = var.name
  description    = "Builds whatever Slipway tells it to; the source here is a placeholder"
  service_role   = aws_iam_role.builds.arn
  build_timeout  = var.timeout_minutes
  queued_timeout = var.queued_timeout_minutes
  tags           = var.tags

  artifacts {
    type = "NO_ARTIFACTS"
  }

  source {
    type            = "GITHUB"
    location        = var.placeholder_source
    git_clone_depth = 1
    buildspec       = file("${path.module}/../buildspec.yml")
  }

  environment {
    type         = var.environment_type
    compute_type = var.compute_type
    image        = var.build_image
    # Images are built with docker, which needs it. A job cannot ask for more than docker, for its repository runs nothing outside.
    privileged_mode = true
  }

  logs_config {
    cloudwatch_logs {
      group_name = aws_cloudwatch_log_group.builds.name
    }
  }

  # A role without its permissions could not start a build.
  depends_on = [aws_iam_role_policy.builds]
}

resource "aws_ecr_repository" "images" {
  # checkov:skip=CKV_AWS_51: jobs name tags such as latest again and again; events name digests, which do not change
  # checkov:skip=CKV_AWS_136: ECR encrypts with AES-256; a key of yours costs a request for each layer
  for_each = var.repositories

  name = each.value
  tags = var.tags

  image_scanning_configuration {
    scan_on_push = true
  }
}

# One repository for the layers of all images: each image's name, target and platform has a tag in it.
resource "aws_ecr_repository" "cache" {
  # checkov:skip=CKV_AWS_51: each build moves its image's tag to the newest layers
  # checkov:skip=CKV_AWS_136: ECR encrypts with AES-256; a key of yours costs a request for each layer
  # checkov:skip=CKV_AWS_163: nothing here is ever run; the images are scanned where they are pushed to
  count = var.layer_cache && local.has_images ? 1 : 0

  name = "${var.name}-layers"
  tags = var.tags
}

resource "aws_ecr_lifecycle_policy" "untagged" {
  for_each = merge(
    { for name, repository in aws_ecr_repository.images : name => repository.name },
    { for repository in aws_ecr_repository.cache : "the layer cache" => repository.name },
  )

  repository = each.value
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "What no tag names any more"
      selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 14 }
      action       = { type = "expire" }
    }]
  })
}
