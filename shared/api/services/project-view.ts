import { create, fromJson, toJson, type JsonObject, type JsonValue } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { OrreryError, type WrongField } from "../../core/errors.ts";
import type { ProjectFields, ProjectLimits } from "../../core/project/project-fields.ts";
import type { Project as StoredProject } from "../../core/project/project.ts";
import {
  ProjectSchema as ProjectV1Schema,
  type Project as ProjectV1,
} from "../../gen/yandex/cloud/datasphere/v1/project_pb.ts";
import {
  Project_Settings_IdeSchema,
  Project_Settings_StaleExecutionTimeoutModeSchema,
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

/** The same, back from its message; `ARGUMENT_INVALID` names everything that cannot be kept. */
export function fieldsOfMessage(
  message: Pick<Project, "name" | "description" | "labels" | "settings" | "limits">,
): ProjectFields {
  const { name, description, labels, settings, limits } = message;
  const wrong = [...settingsProblems(settings), ...limitsProblems(limits)];
  requireNone(wrong);
  return {
    ...{ name, description, labels: { ...labels } },
    settings:
      settings === undefined ? {} : (toJson(Project_SettingsSchema, settings) as JsonObject),
    limits: limitsOfMessage(limits),
  };
}

function settingsMessage(settings: StoredProject["settings"]): Project_Settings {
  return fromJson(Project_SettingsSchema, settings as JsonValue, { ignoreUnknownFields: true });
}

/** What DataSphere has no meaning for: a number that is no enum's, a time that goes backwards. */
function settingsProblems(settings: Project_Settings | undefined): readonly WrongField[] {
  if (settings === undefined) return [];
  const { ide, staleExecTimeoutMode, vmInactivityTimeout: timeout } = settings;
  const wrong: WrongField[] = [];
  if (Project_Settings_IdeSchema.value[ide] === undefined) {
    wrong.push({ field: "settings.ide", description: `${ide} is no IDE that is known` });
  }
  const modes = Project_Settings_StaleExecutionTimeoutModeSchema.value;
  if (modes[staleExecTimeoutMode] === undefined) {
    const description = `${staleExecTimeoutMode} is no mode that is known`;
    wrong.push({ field: "settings.stale_exec_timeout_mode", description });
  }
  if (timeout !== undefined && (timeout.seconds < 0n || timeout.nanos < 0)) {
    const description = `A time of ${timeout.seconds} s is less than none`;
    wrong.push({ field: "settings.vm_inactivity_timeout", description });
  }
  return wrong;
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

type LimitsMessage = Partial<Pick<Project_Limits, "maxUnitsPerHour" | "maxUnitsPerExecution">>;

function limitsProblems(limits: LimitsMessage = {}): readonly WrongField[] {
  return [
    ...unitsProblems("limits.max_units_per_hour", limits.maxUnitsPerHour),
    ...unitsProblems("limits.max_units_per_execution", limits.maxUnitsPerExecution),
  ];
}

function limitsOfMessage(limits: LimitsMessage = {}): ProjectLimits {
  const { maxUnitsPerHour, maxUnitsPerExecution } = limits;
  return {
    ...(maxUnitsPerHour === undefined ? {} : { unitsPerHour: Number(maxUnitsPerHour) }),
    ...(maxUnitsPerExecution === undefined
      ? {}
      : { unitsPerExecution: Number(maxUnitsPerExecution) }),
  };
}

/** Units as a caller gives them: whole, not negative, and what clients can read back. */
export function unitsProblems(field: string, value: bigint | undefined): readonly WrongField[] {
  if (value === undefined || (value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER))) return [];
  return [{ field, description: `Units are 0 to ${Number.MAX_SAFE_INTEGER}, not ${value}` }];
}

/** Throws `ARGUMENT_INVALID` with every field that is wrong. */
export function requireNone(wrong: readonly WrongField[]): void {
  const [first] = wrong;
  if (first === undefined) return;
  throw new OrreryError("ARGUMENT_INVALID", `${first.field}: ${first.description}`, {
    fields: wrong,
  });
}
