# No provider: terraform evaluates this module anywhere, and a test compares what it reads with what
# the other readers of the manifest read.
terraform {
  required_version = ">= 1.9.0"
}

locals {
  manifest = yamldecode(var.manifest)
  custom   = local.manifest.custom

  # What the manifest says of a function, whether the plugin has words for it or not.
  said = {
    for key, each in local.manifest.functions : key => merge({
      memorySize   = local.manifest.provider.memorySize
      timeout      = local.manifest.provider.timeout
      environment  = {}
      events       = []
      roles        = {}
      userSecrets  = false
      zoneRequests = 1
      description  = ""
    }, each, try(local.custom.functions[key], {}))
  }

  functions = {
    for key, each in local.said : key => {
      name          = "${var.prefix}-${key}"
      description   = each.description
      runtime       = local.manifest.provider.runtime
      entrypoint    = each.handler
      artifact      = each.package.artifact
      memory        = each.memorySize
      timeout       = tonumber(each.timeout)
      environment   = [for name in keys(each.environment) : name if !contains(local.custom.secrets, name)]
      secrets       = [for name in keys(each.environment) : name if contains(local.custom.secrets, name)]
      user_secrets  = each.userSecrets
      zone_requests = lookup(var.zone_requests, key, each.zoneRequests)
      roles = {
        for scope in ["folder", "database", "bucket", "datasphere"] : scope => try(each.roles[scope], [])
      }
    }
  }

  # Every role on something, with the functions whose accounts have it.
  role_holders = {
    for scope in ["folder", "database", "bucket", "datasphere"] : scope => {
      for role in toset(flatten([for each in local.functions : each.roles[scope]])) :
      role => [for key, each in local.functions : key if contains(each.roles[scope], role)]
    }
  }
}
