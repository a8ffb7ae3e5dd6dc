# config/ holds orrery.yaml and the files of its jobs, files/ what callers uploaded and jobs made.
resource "yandex_storage_bucket" "files" {
  bucket        = coalesce(var.bucket, "${var.prefix}-${var.folder_id}")
  folder_id     = var.folder_id
  max_size      = var.bucket_gb * 1073741824
  force_destroy = false

  anonymous_access_flags {
    read        = false
    list        = false
    config_read = false
  }

  # An applied configuration can be taken back, and a deleted file can be had back for a while.
  versioning {
    enabled = true
  }

  lifecycle_rule {
    id      = "replaced-versions"
    enabled = true
    prefix  = ""

    noncurrent_version_expiration {
      days = var.kept_versions_days
    }
  }

  lifecycle_rule {
    id                                     = "unfinished-uploads"
    enabled                                = true
    prefix                                 = ""
    abort_incomplete_multipart_upload_days = 7
  }

  # What clients sent and no job came to ask for, or was not what it was announced as. A URL that takes
  # an upload lives for an hour.
  lifecycle_rule {
    id      = "unverified-uploads"
    enabled = true
    prefix  = "incoming/"

    expiration {
      days = 7
    }
  }
}

resource "yandex_storage_bucket_iam_binding" "roles" {
  for_each = module.manifest.role_holders.bucket

  bucket  = yandex_storage_bucket.files.bucket
  role    = each.key
  members = [for key in each.value : local.members[key]]
}
