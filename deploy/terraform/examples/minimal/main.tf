# The least: the daemon in one account's default network, builds without images.

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
  description = "The daemon's image."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets with a way to AWS."
  type        = list(string)
}

variable "security_group_ids" {
  description = "Security groups that let the daemon out to port 443."
  type        = list(string)
}

module "slipway" {
  source = "../.."

  sources            = ["https://github.com/acme/*"]
  image              = var.image
  subnet_ids         = var.subnet_ids
  security_group_ids = var.security_group_ids
}

output "slipway_toml" {
  value = module.slipway.slipway_toml
}

output "send_a_job" {
  value = module.slipway.send_a_job
}
