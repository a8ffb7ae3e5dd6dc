# The preconditions fail a plan before anything is made.

output "functions" {
  description = "Functions by their names in the manifest."
  value       = local.functions

  precondition {
    condition     = length(local.functions) <= var.quotas.functions
    error_message = "${length(local.functions)} functions are more than the ${var.quotas.functions} of this cloud. Ask for more, then set quotas.functions."
  }

  precondition {
    condition     = sum([for each in local.functions : each.zone_requests]) <= var.quotas.zone_requests
    error_message = "The functions may be called ${sum([for each in local.functions : each.zone_requests])} times at once in a zone, and this cloud allows ${var.quotas.zone_requests}. Lower zone_requests, or ask for more and set quotas.zone_requests."
  }

  precondition {
    condition     = alltrue([for each in local.functions : each.zone_requests >= 1])
    error_message = "A function that may not be called at all does nothing: zone_requests is at least 1."
  }

  precondition {
    condition     = alltrue([for each in local.functions : each.memory % 128 == 0 && each.memory >= 128])
    error_message = "The memory of a function is a multiple of 128 MB: ${join(", ", [for key, each in local.functions : key if each.memory % 128 != 0])}."
  }

  precondition {
    condition     = alltrue([for each in local.functions : each.timeout >= 1 && each.timeout <= 600])
    error_message = "A function may take 1 to 600 seconds: ${join(", ", [for key, each in local.functions : key if each.timeout < 1 || each.timeout > 600])}."
  }

  precondition {
    condition     = length(setsubtract(keys(var.zone_requests), keys(local.functions))) == 0
    error_message = "zone_requests names functions that are not in the manifest: ${join(", ", setsubtract(keys(var.zone_requests), keys(local.functions)))}."
  }
}

output "role_holders" {
  description = "By what a role is given on and the role: the functions whose accounts have it."
  value       = local.role_holders
}

output "queues" {
  description = "Queues by their names in the manifest."
  value       = local.queues

  precondition {
    condition     = alltrue([for key, each in local.queues : each.visibility >= local.least_visibility[key]])
    error_message = "A message must stay invisible for as long as its function may have it: timeout + cutoff + ${var.visibility_margin} seconds. Raise visibilityTimeout of ${join(", ", [for key, each in local.queues : "${key} to ${local.least_visibility[key]}" if each.visibility < local.least_visibility[key]])} in serverless.yaml."
  }

  precondition {
    condition     = alltrue([for key, each in local.queues : each.visibility <= 43000])
    error_message = "The longest visibility timeout of a queue is 43000 seconds."
  }

  precondition {
    condition     = alltrue([for key in keys(local.queues) : length([for each in local.queue_triggers : each if each.queue == key]) == 1])
    error_message = "A queue has one trigger, neither none nor two: ${join(", ", [for key in keys(local.queues) : key if length([for each in local.queue_triggers : each if each.queue == key]) != 1])}."
  }
}

output "dead_letters" {
  description = "Dead-letter queues by their names in the manifest."
  value       = local.dead_letters

  precondition {
    condition     = length(setintersection(keys(local.dead_letters), keys(local.queues))) == 0
    error_message = "A dead-letter queue has no trigger: ${join(", ", setintersection(keys(local.dead_letters), keys(local.queues)))}."
  }
}

output "timers" {
  description = "Timers by function. Times are UTC, to the minute."
  value       = local.timers
}

output "queue_triggers" {
  description = "Triggers on queues by function; cutoff in seconds."
  value       = local.queue_triggers

  precondition {
    condition     = alltrue([for each in local.queue_triggers : contains(keys(local.queues), each.queue)])
    error_message = "A trigger reads a queue that custom.queues does not have: ${join(", ", [for each in local.queue_triggers : each.queue if !contains(keys(local.queues), each.queue)])}."
  }

  precondition {
    condition     = length(local.timers) + length(local.queue_triggers) + length(local.object_triggers) <= var.quotas.triggers
    error_message = "There are more triggers than the ${var.quotas.triggers} of this cloud. Ask for more, then set quotas.triggers."
  }
}

output "object_triggers" {
  description = "Triggers on the objects of the bucket by function."
  value       = local.object_triggers
}

output "routes" {
  description = "Paths that a gateway hands to a function."
  value       = local.routes
}

output "gateway" {
  description = "What the manifest says of the gateway."
  value = {
    authorizer          = local.custom.gateway.authorizer
    requests_per_second = local.custom.gateway.requestsPerSecond
  }
}
