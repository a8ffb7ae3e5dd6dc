import { create, fromJson, toJson, type JsonObject, type JsonValue } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { messageOf, OrreryError } from "../../core/errors.ts";
import type { ProjectFields, ProjectLimits } from "../../core/project/project-fields.ts";
import type { Project as StoredProject } from "../../core/project/project.ts";
import {
  ProjectSchema as ProjectV1Schema,
  type Project as ProjectV1,
} from "../../gen/yandex/cloud/datasphere/v1/project_pb.ts";
import {
  Project_SettingsSchema,
  ProjectSchema,
  type Project,
  type Project_Limits,
  type Project_Settings,
} from "../../gen/yandex/cloud/datasphere/v2/project_pb.ts";
import type { SeenProject } from "../../usecases/projects/list-projects.ts";

/** A project as v2 tells it; limits are absent for whoever may not see them. */
export function projectMessage({ project, limits }: SeenProject): Project {
  return create(ProjectSchema, {
    id: project.id,
    createdAt: timestampFromMs(project.createdAt),
    createdById: project.createdBy,
    communityId: project.community,
    name: project.name,
    description: project.description,
    labels: { ...project.labels },
    settings: settingsMessage(project.settings),
    ...(limits === undefined ? {} : { limits: limitsMessage(limits) }),
  });
}

/** A project as v1 tells it: its community is its folder. */
export function projectMessageV1({ project, limits }: SeenProject): ProjectV1 {
  const settings = settingsMessage(project.settings);
  return create(ProjectV1Schema, {
    id: project.id,
    folderId: project.community,
    createdAt: timestampFromMs(project.createdAt),
    name: project.name,
    description: project.description,
    settings: {
      serviceAccountId: settings.serviceAccountId,
      subnetId: settings.subnetId,
      dataProcClusterId: settings.dataProcClusterId,
      securityGroupIds: settings.securityGroupIds,
    },
    ...(limits === undefined ? {} : { limits: limitsMessage(limits) }),
  });
}

/** What a caller may say of a project, as the message that update masks are applied to. */
export function fieldsMessage(fields: ProjectFields): Project {
  const { name, description, labels, settings, limits } = fields;
  return create(ProjectSchema, {
    ...{ name, description, labels: { ...labels } },
    settings: settingsMessage(settings),
    limits: limitsMessage(limits),
  });
}

/** The same, back from its message; `ARGUMENT_INVALID` names what cannot be kept. */
export function fieldsOfMessage(
  message: Pick<Project, "name" | "description" | "labels" | "settings" | "limits">,
): ProjectFields {
  const { name, description, labels, settings, limits } = message;
  return {
    ...{ name, description, labels: { ...labels } },
    settings: settings === undefined ? {} : settingsJson(settings),
    limits: limitsOfMessage(limits),
  };
}

function settingsMessage(settings: StoredProject["settings"]): Project_Settings {
  return fromJson(Project_SettingsSchema, settings as JsonValue, { ignoreUnknownFields: true });
}

function settingsJson(settings: Project_Settings): StoredProject["settings"] {
  try {
    return toJson(Project_SettingsSchema, settings) as JsonObject;
  } catch (error) {
    // A duration is the one value that a message can hold and its JSON form cannot.
    const description = `It is out of range: ${messageOf(error)}`;
    throw wrong("settings.vm_inactivity_timeout", description);
  }
}

function limitsMessage(
  limits: ProjectLimits,
): Pick<Project_Limits, "maxUnitsPerHour" | "maxUnitsPerExecution"> {
  const { unitsPerHour, unitsPerExecution } = limits;
  return {
    ...(unitsPerHour === undefined ? {} : { maxUnitsPerHour: BigInt(unitsPerHour) }),
    ...(unitsPerExecution === undefined ? {} : { maxUnitsPerExecution: BigInt(unitsPerExecution) }),
  };
}

function limitsOfMessage(
  limits: Partial<Pick<Project_Limits, "maxUnitsPerHour" | "maxUnitsPerExecution">> | undefined,
): ProjectLimits {
  const { maxUnitsPerHour, maxUnitsPerExecution } = limits ?? {};
  return {
    ...(maxUnitsPerHour === undefined
      ? {}
      : { unitsPerHour: unitsOf("limits.max_units_per_hour", maxUnitsPerHour) }),
    ...(maxUnitsPerExecution === undefined
      ? {}
      : { unitsPerExecution: unitsOf("limits.max_units_per_execution", maxUnitsPerExecution) }),
  };
}

/** Units as a caller gives them: whole, not negative, and what clients can read back. */
export function unitsOf(field: string, value: bigint): number {
  if (value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw wrong(field, `Units are 0 to ${Number.MAX_SAFE_INTEGER}, not ${value}`);
}

function wrong(field: string, description: string): OrreryError {
  return new OrreryError("ARGUMENT_INVALID", `${field}: ${description}`, {
    fields: [{ field, description }],
  });
}
