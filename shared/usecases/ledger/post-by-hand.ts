import { assert } from "../../core/assert.ts";
import { OrreryError, wrongFields } from "../../core/errors.ts";
import { digest, type ProjectId } from "../../core/ids.ts";
import type { Instant } from "../../core/time/instant.ts";
import { adjust, setBalance, topUp, type Account, type Posting } from "../../core/units/account.ts";
import type { Entry } from "../../core/units/ledger.ts";
import type { Reader, Transaction } from "../../ports/store.ts";
import { scanEntries } from "../../records/account-record.ts";
import { readRequest, writeRequest } from "../../records/request-record.ts";
import { sendNudges, type Nudge } from "../nudge.ts";
import { postToAccount } from "../projects/post-to-account.ts";
import { requireProject } from "../projects/require-project.ts";
import type { Services } from "../services.ts";

/** What somebody moves by hand. */
export type HandMovement =
  | { readonly kind: "topUp" | "adjust"; readonly units: number }
  /** `null` takes the balance away. */
  | { readonly kind: "setBalance"; readonly units: number | null };

export interface HandPosting {
  readonly project: ProjectId;
  readonly movement: HandMovement;
  /** The subject that wants it; it stands in the entry. */
  readonly by: string;
  /** Why, in its own words; may be empty. */
  readonly reason: string;
  /** The caller's own id for this wish; a repeat is known by it. Absent: every call is a new wish. */
  readonly id?: string | undefined;
}

interface HandPosted {
  readonly entry: Entry;
  /** The same wish was made before, and this is its entry. */
  readonly repeated: boolean;
}

type PostServices = Pick<Services, "store" | "clock" | "queue" | "log" | "provider">;

/**
 * Moves units of a project's balance on somebody's behalf, with an entry that says who and why; runs
 * that wait are looked at at once. A repeat of a wish finds its entry and changes nothing.
 *
 * Throws `REQUEST_CONFLICT` where the id stands for another wish, `BALANCE_UNSET` where there is no
 * balance to add to, and `BALANCE_ELSEWHERE` where DataSphere owns the project.
 */
export async function postByHand(
  services: PostServices,
  posting: HandPosting,
): Promise<HandPosted> {
  const now = services.clock.now();
  if (services.provider !== undefined) throw elsewhere(posting.project);
  const { nudges, ...posted } = await services.store.transact("post-by-hand", async (tx) => {
    const earlier = await earlierEntry(tx, posting, now);
    if (earlier !== undefined) return { entry: earlier, repeated: true, nudges: [] };
    await requireProject(tx, posting.project);
    return { ...(await post(tx, posting, now)), repeated: false };
  });
  await sendNudges(services, nudges, now);
  return posted;
}

async function post(
  tx: Transaction,
  posting: HandPosting,
  now: Instant,
): Promise<{ readonly entry: Entry; readonly nudges: readonly Nudge[] }> {
  const { project, id } = posting;
  const made: Entry[] = [];
  const { nudges } = await postToAccount(tx, project, now, (account) => {
    const moved = postingOf(account, posting, now);
    made.push(...moved.entries);
    return moved;
  });
  const [entry] = made;
  assert(entry !== undefined, "whatever is moved by hand is an entry");
  if (id !== undefined) {
    const result = String(entry.seq);
    writeRequest(tx, keyOf(project, id), { digest: fingerprint(posting), result, at: now });
  }
  return { entry, nudges };
}

function postingOf(account: Account, posting: HandPosting, now: Instant): Posting {
  const { project, movement, by, reason } = posting;
  const text = reason === "" ? `by ${by}` : `by ${by}: ${reason}`;
  if (account.provider !== undefined) throw elsewhere(project);
  const wrong = wrongUnits(movement);
  if (wrong !== undefined) throw wrongUnitsError(wrong);
  if (movement.kind === "setBalance") {
    return setBalance(account, { units: movement.units, reason: text }, now);
  }
  const { balance } = account;
  if (balance === undefined) {
    throw new OrreryError(
      "BALANCE_UNSET",
      `Project ${project} has no balance, so it may spend without end and there is nothing to add to: set one with \`orrery ledger set-balance ${project} UNITS\``,
    );
  }
  const { kind, units } = movement;
  if (!Number.isSafeInteger(balance + units)) {
    throw wrongUnitsError(`with ${balance} left a balance would come to more than ${MOST}`);
  }
  const change = { units, reason: text };
  return kind === "topUp" ? topUp(account, change, now) : adjust(account, change, now);
}

const MOST = Number.MAX_SAFE_INTEGER;

/** What is wrong with the units of a movement, whichever account it is for. */
function wrongUnits({ kind, units }: HandMovement): string | undefined {
  if (units === null) return undefined;
  const isWhole = Number.isSafeInteger(units);
  switch (kind) {
    case "topUp":
      return isWhole && units > 0 ? undefined : `a top up adds 1 to ${MOST} units`;
    case "setBalance":
      return isWhole && units >= 0 ? undefined : `a balance is 0 to ${MOST} units`;
    case "adjust":
      return isWhole && units !== 0
        ? undefined
        : `an adjustment is up to ${MOST} units, above or below zero`;
  }
}

function wrongUnitsError(description: string): OrreryError {
  return wrongFields([{ field: "units", description }]);
}

function elsewhere(project: ProjectId): OrreryError {
  return new OrreryError(
    "BALANCE_ELSEWHERE",
    `DataSphere owns project ${project} and its balance, and the ledger follows it: change the balance there, or through ProjectService.SetUnitBalance, which passes on to it`,
  );
}

async function earlierEntry(
  reader: Reader,
  posting: HandPosting,
  now: Instant,
): Promise<Entry | undefined> {
  const { project, id } = posting;
  if (id === undefined) return undefined;
  const earlier = await readRequest(reader, keyOf(project, id), now);
  if (earlier === undefined) return undefined;
  const seq = Number(earlier.result);
  if (earlier.digest !== fingerprint(posting)) {
    throw new OrreryError(
      "REQUEST_CONFLICT",
      `Nothing was posted: id ${id} stands for entry #${seq} of project ${project}, which is another one: use a new id`,
    );
  }
  const [entry] = await scanEntries(reader, project, { limit: 1, after: seq - 1 });
  return entry;
}

function keyOf(project: ProjectId, id: string): { readonly scope: string; readonly key: string } {
  return { scope: `ledger:${project}`, key: id };
}

/** Whoever asks: two people with one id for one wish mean the same. */
function fingerprint({ movement, reason }: HandPosting): string {
  return digest([movement.kind, String(movement.units), reason], 32);
}
