# Everything: images with a layer cache, Docker Hub, a private git host, sources in S3, limits for tenants, metrics for Prometheus,
# the status page by token, alarms by mail, and a queue that gets the failures.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.60, < 7.0"
    }
  }
}

variable "image" {
  description = "The daemon's image, in ECR."
  type        = string
}

variable "vpc_id" {
  description = "The network."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets with a way to AWS."
  type        = list(string)
}

variable "metrics_cidr" {
  description = "Where Prometheus scrapes from, and the status page is looked at."
  type        = string
}

variable "tokens_secret_arn" {
  description = "The secret with the tokens of the API and the status page."
  type        = string
}

variable "operator_address" {
  description = "Who is mailed when an alarm begins."
  type        = string
}

data "aws_caller_identity" "this" {}
data "aws_region" "this" {}

locals {
  here = "${data.aws_region.this.id}:${data.aws_caller_identity.this.account_id}"
}

resource "aws_security_group" "daemon" {
  name        = "slipway-daemon"
  description = "The Slipway daemon: out to AWS, in for its metrics"
  vpc_id      = var.vpc_id

  egress {
    description = "AWS"
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
  }

  ingress {
    description = "Prometheus, and those who look at the status page"
    protocol    = "tcp"
    from_port   = 9090
    to_port     = 9090
    cidr_blocks = [var.metrics_cidr]
  }
}

resource "aws_sns_topic" "alarms" {
  # checkov:skip=CKV_AWS_26: CloudWatch cannot publish to a topic under SNS's own key; give it a key of yours that lets CloudWatch in
  name = "slipway-alarms"
}

resource "aws_sns_topic_subscription" "operator" {
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.operator_address
}

module "slipway" {
  source = "../.."

  name = "slipway"
  tags = { service = "slipway" }

  sources         = ["https://github.com/acme/*", "https://git.example.com/*", "s3://acme-sources/*"]
  running         = 40
  per_tenant      = 10
  timeout_minutes = 120
  events          = ["queued", "started", "finished", "rejected"]

  compute_type        = "BUILD_GENERAL1_MEDIUM"
  repositories        = ["team/app", "team/base"]
  repository_patterns = ["teams/*"]
  layer_cache         = true

  build_environment = [
    { name = "SLIPWAY_DOCKERHUB_USERNAME", value = "dockerhub:username", type = "SECRETS_MANAGER" },
    { name = "SLIPWAY_DOCKERHUB_PASSWORD", value = "dockerhub:password", type = "SECRETS_MANAGER" },
  ]
  secret_arns        = ["arn:aws:secretsmanager:${local.here}:secret:dockerhub-??????", "arn:aws:secretsmanager:${local.here}:secret:git/token-??????"]
  parameter_arns     = ["arn:aws:ssm:${local.here}:parameter/builds/*"]
  connection_arns    = ["arn:aws:codeconnections:${local.here}:connection/11111111-2222-3333-4444-555555555555"]
  source_bucket_arns = ["arn:aws:s3:::acme-sources"]

  # What jobs may name of these, and which revisions they may build.
  more_profile = { parameters = ["/builds/{tenant}/*"], revisions = ["HEAD", "main", "release/*"] }
  more_limits  = { waiting_bytes = "128MiB" }
  profiles     = { nightly = { sources = ["https://github.com/acme/*"], tenants = ["nightly"], timeout_minutes = 480 } }

  # A system in another account that sends jobs, and one that gets the events.
  sender_arns     = ["arn:aws:iam::111122223333:role/ci"]
  subscriber_arns = ["arn:aws:iam::111122223333:root"]

  more_config = <<-END
    [retry]
    pause = "30s"

    [[hosts]]
    host = "github.com"
    connection = "arn:aws:codeconnections:${local.here}:connection/11111111-2222-3333-4444-555555555555"

    [[hosts]]
    host = "git.example.com"
    type = "NO_SOURCE"
    secret = "git/token"
  END

  image              = var.image
  subnet_ids         = var.subnet_ids
  security_group_ids = [aws_security_group.daemon.id]
  cpu_architecture   = "ARM64"
  daemon_environment = {
    # Metrics for Prometheus, and the status page for whoever has a token.
    SLIPWAY__HTTP__LISTEN = "0.0.0.0:9090"
    SLIPWAY_LOG           = "info,slipway=debug"
  }
  tokens_secret_arn = var.tokens_secret_arn

  log_retention_days = 90
  alarm_actions      = [aws_sns_topic.alarms.arn]
}

# A subscriber: failures only, to a queue, as they are.
resource "aws_sqs_queue" "failures" {
  name                    = "slipway-failures"
  sqs_managed_sse_enabled = true
}

resource "aws_sqs_queue_policy" "failures" {
  queue_url = aws_sqs_queue.failures.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "sns.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.failures.arn
      Condition = { ArnEquals = { "aws:SourceArn" = module.slipway.topic_arn } }
    }]
  })
}

resource "aws_sns_topic_subscription" "failures" {
  topic_arn            = module.slipway.topic_arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.failures.arn
  raw_message_delivery = true
  filter_policy        = jsonencode({ status = ["failed", "timed_out", "errored"] })
}

output "slipway_toml" {
  value = module.slipway.slipway_toml
}

output "send_a_job" {
  value = module.slipway.send_a_job
}

output "sender_policy" {
  value = module.slipway.sender_policy
}

# For developers: `terraform output -raw client_toml > client.toml`.
output "client_toml" {
  value = module.slipway.client_toml
}

output "follower_policy" {
  value = module.slipway.follower_policy
}
