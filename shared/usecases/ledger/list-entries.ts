import { OrreryError } from "../../core/errors.ts";
import type { ProjectId } from "../../core/ids.ts";
import type { Instant } from "../../core/time/instant.ts";
import type { Entry } from "../../core/units/ledger.ts";
import type { Reader } from "../../ports/store.ts";
import { firstEntrySince, scanEntries } from "../../records/account-record.ts";
import { readPage, type Page } from "../read-page.ts";

/** Which entries of a ledger, and in which order. */
export interface EntryQuery {
  readonly project: ProjectId;
  readonly order: "newestFirst" | "oldestFirst";
  /** Only entries at or after this instant. */
  readonly from?: Instant | undefined;
  /** Only entries before this instant. */
  readonly until?: Instant | undefined;
  readonly size: number;
  /** The number of the last entry of the page before. */
  readonly after?: number | undefined;
}

/**
 * A page of a project's ledger. Entries are only ever appended, so a place in a listing stays what it
 * is: from the oldest on a listing reaches the new ones too, and from the newest back it never does.
 */
export async function listEntries(reader: Reader, query: EntryQuery): Promise<Page<Entry, number>> {
  const { project, order, size, from, until } = query;
  if (from !== undefined && until !== undefined && until <= from) {
    const description = "must be after from";
    throw new OrreryError("ARGUMENT_INVALID", `until: ${description}`, {
      fields: [{ field: "until", description }],
    });
  }
  const newestFirst = order === "newestFirst" ? ({ newestFirst: true } as const) : {};
  return await readPage<Entry, number>({
    size,
    after: query.after ?? (await placeBefore(reader, query)),
    scan: async (page) => {
      const entries = await scanEntries(reader, project, { ...page, ...newestFirst });
      // In time they are in the order of their numbers, so behind the first outside none is inside.
      const end = entries.findIndex(({ at }) =>
        order === "newestFirst"
          ? from !== undefined && at < from
          : until !== undefined && at >= until,
      );
      return end < 0 ? entries : entries.slice(0, end);
    },
    keyOf: ({ seq }) => seq,
  });
}

/** The number in front of the listing's first; undefined for a listing from its very end. */
async function placeBefore(
  reader: Reader,
  { project, order, from, until }: EntryQuery,
): Promise<number | undefined> {
  if (order === "newestFirst") {
    return until === undefined ? undefined : await firstEntrySince(reader, project, until);
  }
  return from === undefined ? undefined : (await firstEntrySince(reader, project, from)) - 1;
}
