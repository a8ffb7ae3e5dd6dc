# Communities and projects are usually there before a scheduler is. Where they are, name the projects
# in datasphere_projects; where they are not, datasphere_community makes them.

locals {
  datasphere_projects = merge(
    var.datasphere_projects,
    {
      for key, each in yandex_datasphere_project.project : key => {
        id               = each.id
        other_viewers    = toset([])
        other_developers = toset([])
        other_editors    = toset([])
      }
    },
  )
}

resource "yandex_datasphere_community" "community" {
  count = var.datasphere_community == null ? 0 : 1

  name               = var.datasphere_community.name
  billing_account_id = var.datasphere_community.billing_account_id
  organization_id    = var.datasphere_community.organization_id
}

resource "yandex_datasphere_project" "project" {
  for_each = try(var.datasphere_community.projects, {})

  name         = each.key
  description  = each.value.description
  community_id = yandex_datasphere_community.community[0].id

  limits = {
    max_units_per_hour      = each.value.max_units_per_hour
    max_units_per_execution = each.value.max_units_per_execution
    balance                 = each.value.balance
  }
}

# There is no resource for a single member: a binding is the whole of its role on its project, which is
# why everybody else who has it must be named. The last word of a role says who that is.
resource "yandex_datasphere_project_iam_binding" "roles" {
  for_each = merge([
    for role, functions in module.manifest.role_holders.datasphere : {
      for name, project in local.datasphere_projects : "${name} ${role}" => {
        project = project.id
        role    = role
        members = setunion(
          [for key in functions : local.members[key]],
          project["other_${element(split(".", role), 2)}s"],
        )
      }
    }
  ]...)

  project_id = each.value.project
  role       = each.value.role
  members    = each.value.members
}
