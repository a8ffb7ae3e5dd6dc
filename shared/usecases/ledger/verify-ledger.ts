import type { ProjectId } from "../../core/ids.ts";
import { accountFlaws } from "../../core/units/account-flaws.ts";
import { flawAt, type LedgerDifference } from "../../core/units/entry-flaws.ts";
import {
  beginWalk,
  endWalk,
  missThrough,
  tell,
  walkRow,
  type LedgerWalk,
} from "../../core/units/verify-ledger.ts";
import type { Reader } from "../../ports/store.ts";
import { readLedgerEnd, scanLedgerRows, type LedgerEnd } from "../../records/ledger-rows.ts";
import { orphansAmong, type Orphan } from "../audit/find-orphans.ts";
import type { Services } from "../services.ts";

/** Whether a project's ledger adds up to its account, and what does not. */
interface LedgerVerification {
  readonly project: ProjectId;
  readonly entries: number;
  /** The first of them, `limits.ledgerDifferences` at most; none where the ledger is sound. */
  readonly differences: readonly LedgerDifference[];
  readonly differenceCount: number;
}

/**
 * Adds a project's ledger up from its first entry, compares with its account, and looks whether
 * whatever holds units lives. It tells of every difference and changes nothing.
 *
 * The account is read once; entries that stand in front of it never change, so they are read page by
 * page, each in a snapshot of its own, however long that takes. `pause` comes between two pages: what
 * it throws ends the verification.
 */
export async function verifyLedger(
  { store }: Pick<Services, "store">,
  project: ProjectId,
  pause: () => Promise<void> = async () => await Promise.resolve(),
): Promise<LedgerVerification> {
  const { end, orphans } = await store.snapshot(async (reader) => await readEnd(reader, project));
  const walk = beginWalk();
  const { behind: through } = end;
  let from = 1;
  while (from <= through) {
    const page = { from, through };
    const rows = await store.snapshot(
      async (reader) => await scanLedgerRows(reader, project, page),
    );
    const last = rows.at(-1);
    if (last === undefined) break;
    for (const row of rows) walkRow(walk, row);
    from = last.first + 1;
    await pause();
  }
  missThrough(walk, through);
  if (end.tail !== undefined) walkRow(walk, end.tail);
  conclude(walk, end, orphans);
  const { entries, differences, differenceCount } = walk;
  return { project, entries, differences, differenceCount };
}

async function readEnd(
  reader: Reader,
  project: ProjectId,
): Promise<{ readonly end: LedgerEnd; readonly orphans: readonly Orphan[] }> {
  const end = await readLedgerEnd(reader, project);
  const { account } = end;
  return { end, orphans: account === undefined ? [] : await orphansAmong(reader, [account]) };
}

function conclude(walk: LedgerWalk, end: LedgerEnd, orphans: readonly Orphan[]): void {
  const { account, quoted, beyond } = end;
  endWalk(walk);
  if (beyond !== undefined) {
    const known = `nothing behind #${walk.position.seq}, the account's last`;
    tell(walk, flawAt(`entry #${beyond}`)(known, "a row of entries"));
  }
  if (account === undefined) tell(walk, flawAt("the account's row")("an account", quoted));
  else tell(walk, ...accountFlaws(account, walk.position));
  for (const { attempt } of orphans) {
    tell(walk, flawAt(`the reservation of ${attempt}`)("a live attempt", "none: nobody closes it"));
  }
}
