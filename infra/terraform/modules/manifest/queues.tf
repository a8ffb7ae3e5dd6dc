locals {
  # The longest a message can be with its function: until the batch is full or its cutoff passes, and
  # until the call is over. A message that came back earlier would be handled twice at once.
  least_visibility = {
    for queue in keys(local.custom.queues) : queue => max(0, [
      for key, trigger in local.queue_triggers :
      local.functions[key].timeout + trigger.cutoff + var.visibility_margin if trigger.queue == queue
    ]...)
  }

  queues = {
    for key, each in local.custom.queues : key => {
      name              = "${var.prefix}-${key}"
      visibility        = try(each.visibilityTimeout, local.least_visibility[key])
      max_receive_count = each.maxReceiveCount
      dead_letter       = each.deadLetter
    }
  }

  dead_letters = {
    for key in distinct(compact(concat(
      [for each in local.queues : each.dead_letter],
      [for each in local.timers : each.dead_letter],
      [for each in local.object_triggers : each.dead_letter],
    ))) : key => { name = "${var.prefix}-${key}" }
  }
}
