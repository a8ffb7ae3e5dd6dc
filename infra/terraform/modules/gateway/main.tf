# The specification of the API gateway, made of what `npm run gateway` wrote. No provider.
terraform {
  required_version = ">= 1.9.0"
}

variable "functions" {
  description = "Ids of functions by their names in serverless.yaml."
  type        = map(string)
}

variable "account" {
  description = "The id of the service account that calls them."
  type        = string
}

variable "requests_per_second" {
  description = "How many requests the whole API may have; each of its paths may have half of them."
  type        = number
}

locals {
  written = jsondecode(templatefile("${path.module}/gateway.json", {
    functions = var.functions
    account   = var.account
  }))

  spec = merge(local.written, {
    x-yc-apigateway = merge(local.written.x-yc-apigateway, {
      rateLimit = { allRequests = { rps = var.requests_per_second } }
    })
    components = merge(local.written.components, {
      x-yc-apigateway-rate-limits = {
        path = { allRequests = { rps = ceil(var.requests_per_second / 2) } }
      }
    })
  })
}

output "spec" {
  description = "OpenAPI with the extensions of API Gateway, in JSON."
  value       = jsonencode(local.spec)

  precondition {
    condition     = length(jsonencode(local.spec)) <= 3670016
    error_message = "The specification of a gateway has 3.5 MB at most."
  }
}
