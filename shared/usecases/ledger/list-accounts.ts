import { projectId, type ProjectId } from "../../core/ids.ts";
import type { Account } from "../../core/units/account.ts";
import { scanAccounts } from "../../records/account-record.ts";
import type { Reader } from "../../ports/store.ts";
import { readPage, type Page } from "../read-page.ts";

/** A page of all projects that have an account, by id: whoever asks sees them all. */
export async function listAccounts(
  reader: Reader,
  page: { readonly size: number; readonly after?: string | undefined },
): Promise<Page<Account, ProjectId>> {
  return await readPage<Account, ProjectId>({
    size: page.size,
    after: page.after === undefined ? undefined : projectId(page.after),
    scan: async (scan) => await scanAccounts(reader, scan),
    keyOf: ({ project }) => project,
  });
}
