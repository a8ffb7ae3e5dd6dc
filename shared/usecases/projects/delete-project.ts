import { OrreryError } from "../../core/errors.ts";
import type { ProjectId, ScheduleName } from "../../core/ids.ts";
import type { AnyJson } from "../../core/json.ts";
import { limits } from "../../core/limits.ts";
import type { Operation } from "../../core/operation/operation.ts";
import type { Reader } from "../../ports/store.ts";
import { readAccount } from "../../records/account-record.ts";
import { writeProject } from "../../records/project-record.ts";
import { scanSchedules } from "../../records/schedule-record.ts";
import type { CallerRequest } from "../caller-request.ts";
import { runCall, type CallServices } from "../operations/run-call.ts";
import { requireProject } from "./require-project.ts";

interface ProjectDeletion extends CallerRequest {
  readonly project: string;
  readonly metadata: (project: ProjectId) => AnyJson;
}

/** Schedules that a refusal names. */
const NAMED_SCHEDULES = 3;

/**
 * Takes a project away: nobody sees it from now on and its name is free, and the operation goes on
 * to clear what it had. `PROJECT_BUSY` while anything runs in it or a schedule uses it.
 */
export async function deleteProject(
  services: CallServices,
  request: ProjectDeletion,
): Promise<Operation> {
  return await runCall(services, request, "delete-project", async (tx, now) => {
    const project = await requireProject(tx, request.project);
    const { id } = project;
    await requireIdle(tx, id);
    writeProject(tx, project, { ...project, deletedAt: now });
    return {
      owner: id,
      description: "Delete project",
      metadata: request.metadata(id),
      work: { kind: "deleteProject" },
    };
  });
}

/**
 * `PROJECT_BUSY` while anything runs in a project or a schedule uses it. Whatever runs holds units: a
 * job, a notebook, an attempt of a schedule's run.
 */
export async function requireIdle(reader: Reader, project: ProjectId): Promise<void> {
  const { open } = await readAccount(reader, project);
  if (open.length > 0) {
    const attempts = open.slice(0, NAMED_SCHEDULES).map(({ attempt }) => attempt);
    throw busy(
      project,
      `has ${open.length} running (${attempts.join(", ")})`,
      "cancel that or wait for its end",
    );
  }
  const schedules = await schedulesOf(reader, project);
  if (schedules.length > 0) {
    const named = schedules.slice(0, NAMED_SCHEDULES).join(", ");
    const more = schedules.length > NAMED_SCHEDULES ? ", …" : "";
    throw busy(
      project,
      `is used by ${schedules.length} configured schedules (${named}${more})`,
      "remove them from the schedules file first",
    );
  }
}

function busy(project: ProjectId, how: string, remedy: string): OrreryError {
  return new OrreryError("PROJECT_BUSY", `Project ${project} ${how}: ${remedy}`);
}

/** Reads every schedule: there are `schedulesPerConfig` at most, and projects are deleted rarely. */
async function schedulesOf(reader: Reader, project: ProjectId): Promise<readonly ScheduleName[]> {
  const found: ScheduleName[] = [];
  let after: ScheduleName | undefined;
  for (;;) {
    const page = await scanSchedules(reader, {
      limit: limits.scanRows,
      ...(after === undefined ? {} : { after }),
    });
    found.push(...page.filter((each) => each.project === project).map((each) => each.schedule));
    after = page.at(-1)?.schedule;
    if (page.length < limits.scanRows) return found;
  }
}
