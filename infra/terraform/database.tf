resource "yandex_ydb_database_serverless" "state" {
  name                = var.prefix
  folder_id           = var.folder_id
  location_id         = "ru-central1"
  deletion_protection = var.deletion_protection
  labels              = var.labels

  # All of them are written out: an omitted one is sent as zero or false.
  serverless_database {
    enable_throttling_rcu_limit = true
    throttling_rcu_limit        = var.database_ru_per_second
    provisioned_rcu_limit       = 0
    storage_size_limit          = var.database_storage_gb
  }
}

# The tables are made by `orrery migrate`: docs/ydb.md.
resource "yandex_ydb_database_iam_binding" "roles" {
  for_each = module.manifest.role_holders.database

  database_id = yandex_ydb_database_serverless.state.id
  role        = each.key
  members     = setunion([for key in each.value : local.members[key]], var.operators)
}
