# No value of a secret is in the state: keys go to Lockbox as they are made, the API's token is made
# there, and secrets of users are named by their ids.

locals {
  # Functions that sign requests to queues and to the bucket.
  keyed = toset([for key, each in module.manifest.functions : key if contains(each.secrets, "AWS_ACCESS_KEY_ID")])

  # Secrets of users by function and variable.
  user_secrets = merge([
    for name, secret in var.secrets : {
      for key, each in module.manifest.functions : "${key} ${name}" => merge(secret, { function = key, variable = name })
      if secret.functions == null ? each.user_secrets : contains(secret.functions, key)
    }
  ]...)

  # What Lockbox holds for each function, as a version of it takes it.
  bound_secrets = {
    for key, each in module.manifest.functions : key => concat(
      contains(local.keyed, key) ? [
        {
          id       = yandex_lockbox_secret.keys[key].id
          version  = yandex_iam_service_account_static_access_key.function[key].output_to_lockbox_version_id
          key      = "access-key"
          variable = "AWS_ACCESS_KEY_ID"
        },
        {
          id       = yandex_lockbox_secret.keys[key].id
          version  = yandex_iam_service_account_static_access_key.function[key].output_to_lockbox_version_id
          key      = "secret-key"
          variable = "AWS_SECRET_ACCESS_KEY"
        },
      ] : [],
      contains(each.secrets, "ORRERY_API_TOKEN") ? [
        {
          id       = yandex_lockbox_secret.api_token.id
          version  = yandex_lockbox_secret_version.api_token.id
          key      = "token"
          variable = "ORRERY_API_TOKEN"
        },
      ] : [],
      [
        for secret in local.user_secrets : {
          id       = secret.secret_id
          version  = secret.version_id
          key      = secret.key
          variable = secret.variable
        } if secret.function == key
      ],
    )
  }
}

resource "yandex_lockbox_secret" "keys" {
  for_each = local.keyed

  name                = "${var.prefix}-${each.key}-keys"
  folder_id           = var.folder_id
  deletion_protection = var.deletion_protection
  labels              = var.labels
}

resource "yandex_iam_service_account_static_access_key" "function" {
  for_each = local.keyed

  service_account_id = yandex_iam_service_account.function[each.key].id

  output_to_lockbox {
    secret_id            = yandex_lockbox_secret.keys[each.key].id
    entry_for_access_key = "access-key"
    entry_for_secret_key = "secret-key"
  }
}

# The installation's own token: whoever sends it may do everything. Lockbox makes it up.
resource "yandex_lockbox_secret" "api_token" {
  name                = "${var.prefix}-api-token"
  folder_id           = var.folder_id
  deletion_protection = var.deletion_protection
  labels              = var.labels

  # 43 of 62 characters: 256 bits.
  password_payload_specification {
    password_key        = "token"
    length              = 43
    include_punctuation = false
  }
}

resource "yandex_lockbox_secret_version" "api_token" {
  secret_id = yandex_lockbox_secret.api_token.id
}

# A function reads its own secrets and no others.
resource "yandex_lockbox_secret_iam_member" "keys" {
  for_each = local.keyed

  secret_id = yandex_lockbox_secret.keys[each.key].id
  role      = "lockbox.payloadViewer"
  member    = local.members[each.key]
}

resource "yandex_lockbox_secret_iam_member" "api_token" {
  for_each = toset([for key, each in module.manifest.functions : key if contains(each.secrets, "ORRERY_API_TOKEN")])

  secret_id = yandex_lockbox_secret.api_token.id
  role      = "lockbox.payloadViewer"
  member    = local.members[each.key]
}

resource "yandex_lockbox_secret_iam_member" "user" {
  for_each = local.user_secrets

  secret_id = each.value.secret_id
  role      = "lockbox.payloadViewer"
  member    = local.members[each.value.function]
}
