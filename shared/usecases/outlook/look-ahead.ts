import type { ProjectId } from "../../core/ids.ts";
import type { ProjectEvent } from "../../core/notification/project-event.ts";
import type { Instant } from "../../core/time/instant.ts";
import type { Reader, Transaction } from "../../ports/store.ts";
import { readAccount } from "../../records/account-record.ts";
import { readConfiguration } from "../../records/configuration-record.ts";
import {
  noOutlook,
  readOutlooks,
  writeOutlook,
  type Outlook,
} from "../../records/outlook-record.ts";
import { sendNudges, type Nudge } from "../nudge.ts";
import type { Services } from "../services.ts";
import { tellProject } from "../tell.ts";
import type { OutlookResult, OutlookStep } from "./outlook-step.ts";
import { reportDrift } from "./report-drift.ts";
import { rollUp } from "./roll-up.ts";

export type OutlookServices = Pick<Services, "store" | "queue" | "clock" | "log" | "telemetry">;

/** Which project is looked at, by which steps, and until when. */
export interface OutlookLook {
  readonly project: ProjectId;
  readonly steps: readonly OutlookStep[];
  /** Nothing is begun after it. */
  readonly stopAt: Instant;
}

/**
 * Gives a project a new outlook: first its ledger is added up, in as many transactions as that takes,
 * then the steps follow. True once it has one, whoever gave it; false where the time is up, and then
 * what was added up stays so. Two at once tell nothing twice: whoever commits first has done it.
 */
export async function lookAhead(services: OutlookServices, look: OutlookLook): Promise<boolean> {
  const { store, clock } = services;
  for (;;) {
    const now = clock.now();
    if (now > look.stopAt) return false;
    const found = await store.snapshot(async (reader) => await workOut(reader, look, now));
    const nudges = await store.transact("outlook", async (tx) => await commit(tx, found));
    if (nudges === undefined) return true;
    reportDrift(
      services,
      found.results.flatMap(({ events }) => events),
    );
    await sendNudges(services, nudges, clock.now());
    if (found.isWhole) return true;
  }
}

/** An outlook to be written, and that which it was worked out from. */
interface Found {
  readonly before: Outlook;
  readonly results: readonly OutlookResult[];
  readonly after: Outlook;
  /** False where the ledger is longer than what was added up. */
  readonly isWhole: boolean;
}

async function workOut(
  reader: Reader,
  { project, steps }: OutlookLook,
  now: Instant,
): Promise<Found> {
  const account = await readAccount(reader, project);
  const [before = noOutlook(project)] = await readOutlooks(reader, [project]);
  const rolled = await rollUp(reader, { account, outlook: before, now });
  const isWhole = rolled.outlook.seq >= account.seq;
  const results = [rolled];
  let { outlook } = rolled;
  for (const step of isWhole ? steps : []) {
    const result = await step(reader, { account, outlook, now });
    results.push(result);
    ({ outlook } = result);
  }
  // Its steps have still to come, so it is as old as it was; the number says that it has moved.
  const at = isWhole ? now : before.at;
  return { before, results, after: { ...outlook, at }, isWhole };
}

/** Undefined where somebody else has written an outlook meanwhile: this one would add things twice. */
async function commit(
  tx: Transaction,
  { before, results, after }: Found,
): Promise<readonly Nudge[] | undefined> {
  const events = results.flatMap((result) => result.events);
  const [[current], configuration] = await Promise.all([
    readOutlooks(tx, [before.project]),
    events.length === 0 ? undefined : readConfiguration(tx),
  ]);
  if (current?.seq !== before.seq || current.at !== before.at) return undefined;
  for (const { write } of results) write?.(tx);
  writeOutlook(tx, after);
  const subscriptions = configuration?.subscriptions ?? [];
  return events.flatMap((event: ProjectEvent) => tellProject(tx, subscriptions, event));
}
