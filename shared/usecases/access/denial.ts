import type { Caller, Role } from "../../core/access/access.ts";
import { OrreryError, type ErrorCode } from "../../core/errors.ts";
import { NAME_PATTERN, ownerOf, runKeyOf } from "../../core/ids.ts";

/** What a method's resource is found by. */
export type NamedResource =
  "community" | "folder" | "project" | "job" | "operation" | "run" | "schedule";

/** A resource that a caller named, and the role it needs there. */
export interface Named {
  readonly resource: NamedResource;
  readonly id: string;
  readonly role: Role;
}

/** The answer to a caller that lacks the role; it says nothing about whether the resource exists. */
export function denied(caller: Caller, named: Named): OrreryError {
  return refused(
    caller,
    `Permission denied: the role ${named.role} on ${nameOf(named)} is needed; an admin there can grant it`,
  );
}

/** The answer to a caller that may not even know whether there is such a job, run or the like. */
export function hidden(caller: Caller, named: Named): OrreryError {
  return caller.kind === "anonymous" ? unauthenticated() : notFound(named);
}

/** Nobody in particular is asked for a token first; everybody else is told no. */
export function refused(caller: Caller, message: string): OrreryError {
  if (caller.kind === "anonymous") return unauthenticated();
  return new OrreryError("PERMISSION_DENIED", message);
}

export function unauthenticated(): OrreryError {
  return new OrreryError(
    "UNAUTHENTICATED",
    "A token is needed: send the header `Authorization: Bearer TOKEN`",
  );
}

const NOT_FOUND = {
  community: "COMMUNITY_NOT_FOUND",
  folder: "COMMUNITY_NOT_FOUND",
  project: "PROJECT_NOT_FOUND",
  job: "JOB_NOT_FOUND",
  operation: "OPERATION_NOT_FOUND",
  run: "RUN_NOT_FOUND",
  schedule: "SCHEDULE_NOT_FOUND",
} as const satisfies Record<NamedResource, ErrorCode>;

export function notFound(named: Named): OrreryError {
  const remedy = named.resource === "run" ? ": list them with `orrery runs`" : "";
  return new OrreryError(NOT_FOUND[named.resource], `Unknown ${nameOf(named)}${remedy}`);
}

/** A text that is no id is not repeated: it may be megabytes of anything. */
function nameOf({ resource, id }: Named): string {
  const isId = NAME_PATTERN.test(id) || ownerOf(id) !== undefined || runKeyOf(id) !== undefined;
  return isId ? `${resource} ${id}` : resource;
}
