import { assert } from "../../core/assert.ts";
import { projectId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { Operation, OperationWork } from "../../core/operation/operation.ts";
import type { OperationEvent } from "../../core/operation/operation-state.ts";
import { OPEN_STATUSES, openMetadata, openResponse } from "../../core/operation/work-operation.ts";
import { plusMs, type Instant } from "../../core/time/instant.ts";
import type { Transaction } from "../../ports/store.ts";
import { readProject } from "../../records/project-record.ts";
import { endSession, readSession, writeSession } from "../../records/session-record.ts";
import { newSecret } from "../access/new-secret.ts";
import type { Services } from "../services.ts";
import { commitStep } from "./commit-step.ts";

type Opening = Extract<OperationWork, { readonly kind: "open" }>;

/** `google.rpc.Code.NOT_FOUND`. */
const NOT_FOUND = 5;

/**
 * Ends the status that an opening project is in. Where the platform has something to do for it, that
 * is done: the caller's older session ends, storage is there, and at last a session begins. A machine
 * for it is not allocated here: jobs and notebooks get theirs when they are executed.
 */
export async function advanceOpening(
  services: Pick<Services, "store" | "clock" | "random" | "files">,
  operation: Operation,
  work: Opening,
): Promise<void> {
  const { metadata } = operation;
  assert(metadata !== undefined, "the operation of an opening project has metadata");
  const project = projectId(operation.owner);
  const status = OPEN_STATUSES[work.step];
  if (status === "UNZIPPING_PROJECT") await services.files.makeStorage(project);
  const { secret, token } = newSecret(services.random);

  await commitStep(services, { id: operation.id, work }, async (tx, now) => {
    const found = await readProject(tx, project);
    if (found === undefined || found.deletedAt !== undefined) {
      const message = `Project ${project} was deleted while it was opened`;
      return { kind: "fail", code: NOT_FOUND, message, at: now };
    }
    if (status === "CLOSING_IDE") await endOlderSession(tx, work, project);
    if (status !== "STARTING_IDE") return nextStatus(metadata, work, now);
    await endOlderSession(tx, work, project);
    const expiresAt = plusMs(now, limits.sessionMs);
    writeSession(tx, project, { ...token, subject: work.subject, createdAt: now, expiresAt });
    const opened = { projectUrl: work.projectUrl, sessionToken: secret };
    return { kind: "respond", response: openResponse(metadata, opened), at: now };
  });
}

function nextStatus(
  metadata: NonNullable<Operation["metadata"]>,
  work: Opening,
  at: Instant,
): OperationEvent {
  const step = work.step + 1;
  return { kind: "progress", metadata: openMetadata(metadata, step), work: { ...work, step }, at };
}

/** A caller has one session of a project: opening it again ends the one before. */
async function endOlderSession(
  tx: Transaction,
  { subject }: Opening,
  project: ReturnType<typeof projectId>,
): Promise<void> {
  const session = await readSession(tx, project, subject);
  if (session !== undefined) endSession(tx, session);
}
