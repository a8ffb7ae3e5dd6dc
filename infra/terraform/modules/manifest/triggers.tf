locals {
  events = flatten([
    for key, each in local.said : [
      for event in each.events : {
        function = key
        kind     = keys(event)[0]
        is       = jsonencode(values(event)[0])
      }
    ]
  ])

  # A function has one trigger of each kind: a second one would be a duplicate key here. The plugin
  # would drop the first without a word.
  timers = {
    for each in local.events : each.function => {
      name        = "${var.prefix}-${each.function}-timer"
      expression  = jsondecode(each.is).expression
      retry       = try(jsondecode(each.is).retry, null)
      dead_letter = try(jsondecode(each.is).dlq, null)
    } if each.kind == "cron"
  }

  queue_triggers = {
    for each in local.events : each.function => {
      name   = "${var.prefix}-${each.function}-queue"
      queue  = jsondecode(each.is).queue
      batch  = jsondecode(each.is).batch
      cutoff = jsondecode(each.is).cutoff
    } if each.kind == "ymq"
  }

  object_triggers = {
    for each in local.events : each.function => {
      name        = "${var.prefix}-${each.function}-objects"
      prefix      = try(jsondecode(each.is).prefix, "")
      suffix      = try(jsondecode(each.is).suffix, "")
      on          = [for event in jsondecode(each.is).events : split(".", event)[0]]
      retry       = try(jsondecode(each.is).retry, null)
      dead_letter = try(jsondecode(each.is).dlq, null)
    } if each.kind == "s3"
  }

  routes = [
    for each in local.events : {
      function = each.function
      path     = jsondecode(each.is).path
      method   = jsondecode(each.is).method
    } if each.kind == "http"
  ]
}
