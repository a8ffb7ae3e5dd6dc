# docs/permissions.md says what each role is for; a test holds the two together.

locals {
  members = { for key, each in yandex_iam_service_account.function : key => "serviceAccount:${each.id}" }
}

# One for each function, with what that function needs.
resource "yandex_iam_service_account" "function" {
  for_each = module.manifest.functions

  name      = each.value.name
  folder_id = var.folder_id
}

# Message Queue knows no roles on a single queue.
resource "yandex_resourcemanager_folder_iam_member" "function" {
  for_each = merge([
    for role, functions in module.manifest.role_holders.folder : {
      for key in functions : "${key} ${role}" => { key = key, role = role }
    }
  ]...)

  folder_id = var.folder_id
  role      = each.value.role
  member    = local.members[each.value.key]
}

# Triggers: they read queues, call functions, and put what failed into dead-letter queues.
resource "yandex_iam_service_account" "triggers" {
  name      = "${var.prefix}-triggers"
  folder_id = var.folder_id
}

resource "yandex_resourcemanager_folder_iam_member" "triggers" {
  for_each = toset(["ymq.reader", "ymq.writer"])

  folder_id = var.folder_id
  role      = each.key
  member    = "serviceAccount:${yandex_iam_service_account.triggers.id}"
}

resource "yandex_function_iam_member" "triggers" {
  for_each = toset(concat(
    keys(module.manifest.timers),
    keys(module.manifest.queue_triggers),
    keys(module.manifest.object_triggers),
  ))

  function_id = yandex_function.function[each.key].id
  role        = "functions.functionInvoker"
  member      = "serviceAccount:${yandex_iam_service_account.triggers.id}"
}

# The gateway: it calls the functions behind its routes, and the one that it asks about callers.
resource "yandex_iam_service_account" "gateway" {
  name      = "${var.prefix}-gateway"
  folder_id = var.folder_id
}

resource "yandex_function_iam_member" "gateway" {
  for_each = toset(concat(
    [for each in module.manifest.routes : each.function],
    [module.manifest.gateway.authorizer],
  ))

  function_id = yandex_function.function[each.key].id
  role        = "functions.functionInvoker"
  member      = "serviceAccount:${yandex_iam_service_account.gateway.id}"
}
