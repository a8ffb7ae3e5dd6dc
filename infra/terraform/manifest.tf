# serverless.yaml is the one source of functions, triggers, timeouts, batches and queues.
locals {
  root = "${path.module}/../.."
}

module "manifest" {
  source = "./modules/manifest"

  manifest      = file("${local.root}/serverless.yaml")
  prefix        = var.prefix
  quotas        = var.quotas
  zone_requests = var.zone_requests
}
