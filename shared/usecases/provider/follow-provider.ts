import { messageOf } from "../../core/errors.ts";
import type { ProjectId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { Account } from "../../core/units/account.ts";
import type { Entry } from "../../core/units/ledger.ts";
import { mayFitMore, mirror, type ProviderLook } from "../../core/units/mirror.ts";
import type { Provider, ProviderProject } from "../../ports/provider.ts";
import type { Reader } from "../../ports/store.ts";
import { readAccount, writeAccount } from "../../records/account-record.ts";
import { readProject } from "../../records/project-record.ts";
import { tellBudget } from "../budget-events.ts";
import { sendNudges, type Nudge } from "../nudge.ts";
import { waitingRuns, wakeWaitingRuns } from "../projects/wake-waiting-runs.ts";
import type { Services } from "../services.ts";
import { isMirrored, mirrorProject } from "./mirror-project.ts";
import { isRecent, lastLook, rememberLook, type Remembered } from "./remembered-looks.ts";

/** Without a queue whoever is woken is looked at by the next tick. */
export type ProviderServices = Pick<Services, "store" | "clock" | "log" | "provider"> &
  Partial<Pick<Services, "queue">>;

/**
 * Brings a project's account up to what its provider says, where it has one and the last look of
 * this process is older than `maxAgeMs`. Limits and balance are written only where they changed, and
 * runs that wait are woken where more may fit. Takes no longer than a look may take, and never
 * throws: resolves to why the provider did not answer, or to nothing.
 */
export async function followProvider(
  services: ProviderServices,
  project: ProjectId,
  maxAgeMs: number = limits.providerFreshMs,
): Promise<string | undefined> {
  const { provider } = services;
  if (provider === undefined) return undefined;
  const now = services.clock.now();
  const known = lastLook(provider, project);
  if (isRecent(known, { now, maxAgeMs })) return known.failure?.text;
  const { failure } = await rememberLook(
    provider,
    project,
    async (before) => await look(services, provider, { project, before }),
  );
  return failure?.text;
}

/**
 * Follows the provider of several projects, some at a time. Where it answers for none of them, those
 * that are left are not asked for: whoever starts something in one of them asks again.
 */
export async function followProviderOf(
  services: ProviderServices,
  projects: readonly ProjectId[],
): Promise<void> {
  if (services.provider === undefined) return;
  for (let start = 0; start < projects.length; start += limits.providerLooksAtOnce) {
    const some = projects.slice(start, start + limits.providerLooksAtOnce);
    const failures = await Promise.all(
      some.map(async (project) => await followProvider(services, project)),
    );
    if (!failures.includes(undefined)) return;
  }
}

interface Asked {
  readonly project: ProjectId;
  readonly before: Remembered;
}

async function look(
  services: ProviderServices,
  provider: Provider,
  { project, before }: Asked,
): Promise<Remembered> {
  const askedAt = services.clock.now();
  try {
    const found = await provider.project(project);
    if (found === undefined) throw new Error(`DataSphere knows no project ${project}`);
    requireSound(found);
    const { limits: said, balance } = found;
    const answeredAt = services.clock.now();
    const seen = {
      askedAt,
      answeredAt,
      limits: said,
      ...(balance === undefined ? {} : { balance }),
    };
    await takeOver(services, found, { look: seen, before: before.project });
    return { look: seen, project: found };
  } catch (error) {
    const failure = { at: services.clock.now(), text: messageOf(error) };
    // Once, and not at every look until it answers again.
    if (before.failure === undefined) {
      services.log.write({
        level: "warn",
        name: "provider.silent",
        message: `The limits and the balance of project ${project} are not known anew: ${failure.text}`,
        fields: { project },
      });
    }
    return { ...before, failure };
  }
}

/** What an account could not keep is no answer: a ledger is for ever. */
function requireSound({ id, limits: said, balance }: ProviderProject): void {
  const units = [balance, said.unitsPerHour, said.unitsPerExecution];
  const isSound = units.every((each) => each === undefined || Number.isSafeInteger(each));
  if (!isSound) throw new Error(`DataSphere tells of units of project ${id} that are no number`);
}

interface Looked {
  readonly look: ProviderLook;
  /** What was known of the project before; its row says so already. */
  readonly before: ProviderProject | undefined;
}

async function takeOver(
  services: ProviderServices,
  found: ProviderProject,
  { look: seen, before }: Looked,
): Promise<void> {
  const now = services.clock.now();
  const isKnown = before !== undefined && isSame(before, found);
  const isNews = await services.store.snapshot(
    async (reader) =>
      (await mirrored(reader, found.id, seen)).isNews ||
      (!isKnown && !isMirrored(await readProject(reader, found.id), found)),
  );
  if (!isNews) return;
  const taken = await services.store.transact("follow-provider", async (tx) => {
    const [account, row] = await Promise.all([
      mirrored(tx, found.id, seen),
      readProject(tx, found.id),
    ]);
    const wakes = mayFitMore(account.before, account.after);
    const waiting = wakes ? await waitingRuns(tx, found.id) : [];
    await mirrorProject(tx, row, found, now);
    if (account.isNews) await writeAccount(tx, account.after, account.entries);
    const told = await tellBudget(tx, account, now);
    return { ...account, nudges: [...told, ...wakeWaitingRuns(tx, waiting, now)] };
  });
  report(services, taken);
  const { queue, log } = services;
  if (queue !== undefined) await sendNudges({ queue, log }, taken.nudges, now);

  async function mirrored(
    reader: Reader,
    project: ProjectId,
    answer: ProviderLook,
  ): Promise<Mirrored> {
    const account = await readAccount(reader, project);
    const posting = mirror(account, answer, now);
    const isChanged = posting.account !== account;
    return { before: account, after: posting.account, entries: posting.entries, isNews: isChanged };
  }
}

interface Mirrored {
  readonly before: Account;
  readonly after: Account;
  readonly entries: readonly Entry[];
  readonly isNews: boolean;
}

function isSame(a: ProviderProject, b: ProviderProject): boolean {
  return (
    a.community === b.community &&
    a.name === b.name &&
    a.defaultInstanceType === b.defaultInstanceType
  );
}

function report(
  { log }: ProviderServices,
  { after, entries }: Mirrored & { readonly nudges: readonly Nudge[] },
): void {
  for (const { kind, units, balanceAfter } of entries) {
    const left = balanceAfter === undefined ? "no balance" : `${balanceAfter} units left`;
    log.write({
      level: "info",
      name: "units.mirrored",
      message: `Project ${after.project} follows DataSphere: ${kind} ${units ?? "no limit"}, ${left}`,
      fields: { project: after.project, kind, units: units ?? undefined },
    });
  }
}
