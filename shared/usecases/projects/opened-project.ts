import { limits as ceilings } from "../../core/limits.ts";
import { projectId } from "../../core/ids.ts";
import type { Community, Project } from "../../core/project/project.ts";
import type { Account } from "../../core/units/account.ts";
import { readAccount } from "../../records/account-record.ts";
import { readCommunity, readProject } from "../../records/project-record.ts";
import { readToken } from "../../records/token-record.ts";
import { tokenDigest } from "../access/authenticate.ts";
import type { Services } from "../services.ts";

/** What a session token opens. */
export type OpenedProject =
  /** No token, none that is known, or one that has expired. */
  | { readonly kind: "unknown" }
  /** A token of something else: of another project, or for the API. */
  | { readonly kind: "other" }
  | { readonly kind: "gone" }
  | {
      readonly kind: "open";
      readonly project: Project;
      readonly community: Community | undefined;
      readonly account: Account;
    };

/** Looks a project up for whoever has a session of it; for others nothing of it is read. */
export async function openedProject(
  { store, clock }: Pick<Services, "store" | "clock">,
  request: { readonly token: string; readonly project: string },
): Promise<OpenedProject> {
  if (request.token === "" || request.token.length > ceilings.tokenChars)
    return { kind: "unknown" };
  const hash = tokenDigest(request.token).toString("hex");
  return await store.snapshot(async (reader): Promise<OpenedProject> => {
    const token = await readToken(reader, hash, clock.now());
    if (token === undefined) return { kind: "unknown" };
    if (token.session?.project !== request.project) return { kind: "other" };
    const id = projectId(request.project);
    const project = await readProject(reader, id);
    if (project === undefined || project.deletedAt !== undefined) return { kind: "gone" };
    const community = await readCommunity(reader, project.community);
    return { kind: "open", project, community, account: await readAccount(reader, id) };
  });
}
