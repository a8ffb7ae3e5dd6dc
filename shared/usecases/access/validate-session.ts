import { OrreryError } from "../../core/errors.ts";
import { projectId } from "../../core/ids.ts";
import { readProject } from "../../records/project-record.ts";
import { readToken } from "../../records/token-record.ts";
import type { Services } from "../services.ts";
import { tokenDigest } from "./authenticate.ts";

/**
 * Resolves where a session token, as opening a project gives it out, still opens that project;
 * throws `UNAUTHENTICATED` for any other text, API tokens among them.
 */
export async function validateSession(
  services: Pick<Services, "store" | "clock">,
  secret: string,
): Promise<void> {
  const hash = tokenDigest(secret).toString("hex");
  const now = services.clock.now();
  const project = await services.store.snapshot(async (reader) => {
    const session = (await readToken(reader, hash, now))?.session;
    return session && (await readProject(reader, projectId(session.project)));
  });
  if (project !== undefined && project.deletedAt === undefined) return;
  throw new OrreryError(
    "UNAUTHENTICATED",
    "The session token is unknown or has expired: open the project again",
  );
}
