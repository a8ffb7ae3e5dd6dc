import { includesRole, type Role } from "../../core/access/access.ts";
import { OrreryError } from "../../core/errors.ts";
import type { Operation } from "../../core/operation/operation.ts";
import type { ProjectFields } from "../../core/project/project-fields.ts";
import type { Project } from "../../core/project/project.ts";
import { setLimits } from "../../core/units/account.ts";
import type { Reader } from "../../ports/store.ts";
import { readAccount } from "../../records/account-record.ts";
import { writeProject } from "../../records/project-record.ts";
import { heldRoleInProject } from "../access/held-role.ts";
import type { CallerRequest } from "../caller-request.ts";
import { runCall, type CallServices } from "../operations/run-call.ts";
import { postToAccount } from "./post-to-account.ts";
import {
  fieldsOf,
  limitsWith,
  requireFreeName,
  requireKnownSpec,
  shownLimits,
} from "./project-fields.ts";
import type { ProjectPresenters } from "./project-presenters.ts";
import { requireProject } from "./require-project.ts";

export interface ProjectUpdate extends CallerRequest, ProjectPresenters {
  readonly project: string;
  /** The fields as they shall be, from what they are; it may run twice. */
  readonly change: (current: ProjectFields) => ProjectFields;
}

const LIMITS_ROLE: Role = "admin";

/**
 * Changes what a caller may say of a project. Limits need a role of their own, also where an update
 * without a mask would reset them: `PERMISSION_DENIED`.
 */
export async function updateProject(
  services: CallServices,
  request: ProjectUpdate,
): Promise<Operation> {
  return await runCall(services, request, "update-project", async (tx, now) => {
    const before = await requireProject(tx, request.project);
    const { id, community } = before;
    const account = await readAccount(tx, id);
    const { limits: wanted, ...fields } = request.change(fieldsOf(before, account));
    await requireFreeName(tx, community, { name: fields.name, by: id });
    await requireKnownSpec(tx, fields.settings, before.settings);
    const limits = limitsWith(account, wanted);
    const isNews = setLimits(account, limits, now).account !== account;
    if (isNews) await requireLimitsRole(tx, request, before);
    const posted = await postToAccount(tx, id, now, (current) => setLimits(current, limits, now));
    const project: Project = { ...before, ...fields };
    writeProject(tx, before, project);
    return {
      owner: id,
      description: "Update project",
      metadata: request.metadata(id),
      response: request.response(project, shownLimits(posted.account)),
      nudges: posted.nudges,
    };
  });
}

async function requireLimitsRole(
  reader: Reader,
  { caller }: CallerRequest,
  project: Project,
): Promise<void> {
  if (includesRole(await heldRoleInProject(reader, caller, project), LIMITS_ROLE)) return;
  const description = `Changing limits needs the role ${LIMITS_ROLE} on project ${project.id}`;
  throw new OrreryError(
    "PERMISSION_DENIED",
    `${description}; name the other fields in update_mask to leave the limits as they are`,
    { fields: [{ field: "limits", description }] },
  );
}
