import type { Subject } from "../core/access/access.ts";
import type { ProjectId } from "../core/ids.ts";
import type { Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { sessionsTable } from "./tables.ts";
import { deleteToken, writeToken, type Token } from "./token-record.ts";

/** Where a session's token is. */
interface Session {
  readonly project: ProjectId;
  /** `TYPE:ID`, as in an access binding. */
  readonly subject: string;
  readonly hash: string;
}

/** The session that a subject has open in a project, if it has one. */
export async function readSession(
  reader: Reader,
  project: ProjectId,
  subject: Subject,
): Promise<Session | undefined> {
  const row = await reader.get(sessionsTable, { project, subject: subjectKey(subject) });
  return row && { project, subject: row.subject, hash: row.hash };
}

/** Sessions of a project, in no order that means anything. */
export async function scanSessions(
  reader: Reader,
  project: ProjectId,
  limit: number,
): Promise<readonly Session[]> {
  const rows = await reader.scan(sessionsTable, { prefix: { project }, limit });
  return rows.map(({ subject, hash }) => ({ project, subject, hash }));
}

/** Writes a session with its token; the one that it replaces has been ended. */
export function writeSession(
  tx: Transaction,
  project: ProjectId,
  token: Token & { readonly expiresAt: Instant },
): void {
  const { subject, hash, expiresAt } = token;
  writeToken(tx, { ...token, session: { project } });
  tx.put(sessionsTable, {
    project,
    subject: subjectKey(subject),
    hash,
    expire_at: expiresAt,
  });
}

/** Ends a session: its token is worth nothing from now on. */
export function endSession(tx: Transaction, { project, subject, hash }: Session): void {
  deleteToken(tx, hash);
  tx.delete(sessionsTable, { project, subject });
}

const subjectKey = ({ type, id }: Subject): string => `${type}:${id}`;
