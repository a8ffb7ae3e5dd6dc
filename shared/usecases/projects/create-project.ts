import type { AccessBinding } from "../../core/access/access.ts";
import { messageOf } from "../../core/errors.ts";
import { communityId, projectId, type ProjectId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { Operation } from "../../core/operation/operation.ts";
import type { ProjectFields } from "../../core/project/project-fields.ts";
import type { Community, Project } from "../../core/project/project.ts";
import type { Instant } from "../../core/time/instant.ts";
import { setLimits } from "../../core/units/account.ts";
import type { Transaction } from "../../ports/store.ts";
import { readAccount, writeAccount } from "../../records/account-record.ts";
import { addBinding } from "../../records/binding-record.ts";
import { writeProject } from "../../records/project-record.ts";
import { askedBy, type CallerRequest } from "../caller-request.ts";
import { ensureCommunity } from "../communities/ensure-community.ts";
import { requireCommunity } from "../communities/require-community.ts";
import { runCall } from "../operations/run-call.ts";
import type { Services } from "../services.ts";
import { requireFreeName, requireKnownSpec, shownLimits } from "./project-fields.ts";
import type { ProjectPresenters } from "./project-presenters.ts";

export interface NewProject extends CallerRequest, ProjectPresenters {
  readonly community: string;
  /** A v1 client names a folder, which nobody creates: the platform's own call makes it. */
  readonly unknownCommunity: "refuse" | "make";
  readonly fields: ProjectFields;
}

/**
 * Makes a project, whose caller becomes its admin. `COMMUNITY_NOT_FOUND`, `NAME_TAKEN` and
 * `ARGUMENT_INVALID` leave nothing behind.
 */
export async function createProject(
  services: Pick<Services, "store" | "clock" | "random" | "queue" | "log" | "files">,
  request: NewProject,
): Promise<Operation> {
  // As DataSphere's ids look: 20 lower-case letters and digits.
  const id = projectId(`bt1${services.random.id().slice(0, 17)}`);
  const operation = await runCall(services, request, "create-project", async (tx, now) => {
    const community = await communityOf(tx, request, now);
    const { limits: wanted, ...fields } = request.fields;
    await requireFreeName(tx, community.id, fields);
    await requireKnownSpec(tx, fields.settings);
    const project: Project = {
      id,
      community: community.id,
      ...fields,
      createdAt: now,
      createdBy: askedBy(request),
      diskGb: limits.projectDiskGb,
      restrictions: [],
    };
    const { account, entries } = setLimits(await readAccount(tx, id), wanted, now);
    writeProject(tx, undefined, project);
    await writeAccount(tx, account, entries);
    for (const binding of bindingsFor(request)) addBinding(tx, { kind: "project", id }, binding);
    return {
      owner: id,
      description: "Create project",
      metadata: request.metadata(id),
      response: request.response(project, shownLimits(account)),
    };
  });
  // A repeat got the operation of an earlier project, which may be deleted by now.
  if (operation.owner === id) await makeStorage(services, id);
  return operation;
}

async function communityOf(tx: Transaction, request: NewProject, now: Instant): Promise<Community> {
  const { caller, community, unknownCommunity } = request;
  return unknownCommunity === "make" && caller.kind === "platform"
    ? await ensureCommunity(tx, communityId(community), now)
    : await requireCommunity(tx, community);
}

/** The platform needs no role, and nobody becomes an admin on behalf of everybody. */
function bindingsFor({ caller }: CallerRequest): readonly AccessBinding[] {
  if (caller.kind !== "subject") return [];
  return [{ roleId: "datasphere.community-projects.admin", subject: caller.subject }];
}

/** Storage is made when the project is opened or written to, if it cannot be made now. */
async function makeStorage(
  services: Pick<Services, "files" | "log">,
  project: ProjectId,
): Promise<void> {
  try {
    await services.files.makeStorage(project);
  } catch (error) {
    services.log.write({
      level: "warn",
      name: "project.storage",
      message: `Storage of project ${project} cannot be made yet: ${messageOf(error)}`,
      fields: { project },
    });
  }
}
