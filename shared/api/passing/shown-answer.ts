import { isMessage, type Message } from "@bufbuild/protobuf";
import { callerId, includesRole, type Caller, type Role } from "../../core/access/access.ts";
import { OperationSchema, type Operation } from "../../gen/yandex/cloud/operation/operation_pb.ts";
import { communityId, projectId } from "../../core/ids.ts";
import type { Store } from "../../ports/store.ts";
import { heldRole, heldRoleInProject } from "../../usecases/access/held-role.ts";
import { STARTERS_OWN } from "../services/operation-view.ts";
import {
  factsOf,
  isCommunityList,
  isProject,
  isProjectList,
  packed,
  unpacked,
  withFields,
  type ShownProject,
} from "./known-messages.ts";
/** Whoever may change a project may see what it may spend. */
const LIMITS_ROLE: Role = "editor";

interface Shown {
  readonly store: Store;
  readonly caller: Caller;
}

/**
 * An answer of the provider as its caller may see it: the provider shows the installation everything
 * that the installation may see. Listings keep what the caller may look at, and limits are for
 * editors. An answer of any other kind was permitted as a whole.
 */
export async function shownAnswer(answer: Message, shown: Shown): Promise<Message> {
  if (shown.caller.kind === "platform") return answer;
  if (isProject(answer)) return await shownProject(answer, shown);
  if (isProjectList(answer)) {
    const seen = await Promise.all(
      answer.projects.map(async (project) => ({
        project: await shownProject(project, shown),
        role: await roleOn(project, shown),
      })),
    );
    const projects = seen.flatMap(({ project, role }) =>
      includesRole(role, "viewer") ? [project] : [],
    );
    return withFields<Message>(answer, { projects } as Partial<Message>);
  }
  if (isCommunityList(answer)) {
    const roles = await shown.store.snapshot(
      async (reader) =>
        await Promise.all(
          answer.communities.map(
            async ({ id }) => await heldRole(reader, shown.caller, { kind: "community", id }),
          ),
        ),
    );
    const communities = answer.communities.filter((_, index) =>
      includesRole(roles[index], "viewer"),
    );
    return withFields(answer, { communities });
  }
  return answer;
}

async function shownProject(project: ShownProject, shown: Shown): Promise<ShownProject> {
  if (includesRole(await roleOn(project, shown), LIMITS_ROLE)) return project;
  return withFields(project, { limits: undefined });
}

async function roleOn(project: ShownProject, { store, caller }: Shown): Promise<Role | undefined> {
  const facts = factsOf(project);
  if (facts === undefined) return undefined;
  const { id, community } = facts;
  return await store.snapshot(
    async (reader) =>
      await heldRoleInProject(reader, caller, {
        id: projectId(id),
        community: communityId(community),
      }),
  );
}

export function isOperation(answer: Message): answer is Operation {
  return isMessage(answer, OperationSchema);
}

/** An operation of the provider without what only its starter may see, for everybody else. */
export function shownOperation(
  operation: Operation,
  caller: Caller,
  startedBy: string | undefined,
): Operation {
  const isStarter =
    caller.kind === "platform" || (caller.kind === "subject" && callerId(caller) === startedBy);
  if (isStarter || operation.result.case !== "response") return operation;
  const response = unpacked(operation.result.value);
  // What we cannot read may hold anything.
  if (response === undefined) return withFields(operation, { result: { case: undefined } });
  const secret = STARTERS_OWN[response.$typeName.split(".").at(-1) ?? ""];
  if (secret === undefined) return operation;
  const told = packed(withFields(response, withoutValue(response, secret)));
  return withFields(operation, { result: { case: "response", value: told } });
}

/** A field as it is where nobody set it. */
function withoutValue(message: Message, field: string): Partial<Message> {
  const value = (message as unknown as Record<string, unknown>)[field];
  return { [field]: typeof value === "string" ? "" : undefined };
}
