import { assertNever } from "../core/assert.ts";
import type { RunId } from "../core/ids.ts";
import { liveAttempt } from "../core/run/run.ts";
import type { Instant } from "../core/time/instant.ts";
import { readDefinitionFor } from "../records/run-definition.ts";
import type { DefinitionRecord } from "../records/schedule-record.ts";
import type { Submitted, SubmitResult } from "./admit-run.ts";
import { admitRuns } from "./admit-runs.ts";
import { cancelQuietly } from "./cancel-run.ts";
import { launchRun } from "./launch-run.ts";
import { measureDecision, measureDue } from "./measure.ts";
import { sendNudges, type Look, type Nudge } from "./nudge.ts";
import { followProvider } from "./provider/follow-provider.ts";
import { reportDecision, reportDue } from "./report.ts";
import { byProject, roundsOf, sorted, togetherOrAlone, type RunLook } from "./run-groups.ts";
import type { Services } from "./services.ts";
import { wakeWaiting } from "./wake.ts";

/**
 * Looks at runs that are due: admits each and starts its attempt, lets it wait, or ends it unstarted.
 * Safe to repeat at any point: a run that has ended or is already being watched is left alone, and
 * an attempt whose start was cut short is started again, which its executor makes harmless (P2).
 *
 * Runs of one project are decided on in one transaction, which reads and writes its account once;
 * each is started on its own. Resolves to what failed, an error for each look.
 */
export async function submitRuns(
  services: Services,
  looks: readonly RunLook[],
): Promise<readonly unknown[]> {
  return await byProject(looks, async (group) => await submitGroup(services, group));
}

/** The same for one run. */
export async function submitRun(
  services: Services,
  run: RunId,
  { chain }: Pick<Look, "chain"> = {},
): Promise<void> {
  for (const failure of await submitGroup(services, [{ run, chain }])) throw failure;
}

async function submitGroup(
  services: Services,
  group: readonly RunLook[],
): Promise<readonly unknown[]> {
  const seen = sorted(await seeAll(services, group));
  const failures = [...seen.failures];
  const goingOn: Promise<unknown>[] = [];
  for (const round of roundsOf(seen.done, roundKeyOf)) {
    const results = await togetherOrAlone(round, async (looks) => await decide(services, looks));
    const decided = sorted(results);
    failures.push(...decided.failures);
    // Starting may take long, and the next round need not wait for it.
    for (const each of decided.done) {
      goingOn.push(goOn(services, each).catch((error: unknown) => failures.push(error)));
    }
  }
  await Promise.all(goingOn);
  return failures;
}

/** A look, and what its run is to do: absent where its schedule is no longer configured. */
interface SeenLook {
  readonly look: RunLook;
  /** Before anything of it was read. */
  readonly seenAt: Instant;
  readonly definition: DefinitionRecord | undefined;
  readonly refusal: string | undefined;
  readonly unanswered: string | undefined;
}

interface Decided extends SeenLook {
  readonly now: Instant;
  readonly result: SubmitResult;
}

/**
 * Runs of a schedule are decided on by how its others stand, unless they may overlap and nothing keeps
 * them apart.
 */
function roundKeyOf({ look, definition }: SeenLook): string {
  if (definition === undefined) return look.run;
  const { name, overlap, atLowBalance } = definition.definition;
  return overlap === "allow" && typeof atLowBalance !== "object" ? look.run : name;
}

async function seeAll(
  services: Services,
  group: readonly RunLook[],
): Promise<readonly PromiseSettledResult<SeenLook>[]> {
  const seenAt = services.clock.now();
  const definitions = await services.store.snapshot(
    async (reader) =>
      await Promise.all(group.map(async ({ run }) => await readDefinitionFor(reader, run))),
  );
  return await Promise.allSettled(
    group.map(async (look, index) => {
      const definition = definitions[index];
      const project = look.project ?? definition?.definition.project;
      const [refusal, unanswered] = await Promise.all([
        definition && refusalOf(services, definition),
        project && followProvider(services, project),
      ]);
      return { look, seenAt, definition, refusal, unanswered };
    }),
  );
}

async function refusalOf(
  services: Services,
  { definition }: DefinitionRecord,
): Promise<string | undefined> {
  return (await services.executor.check(definition.project, definition.work))?.reason;
}

async function decide(services: Services, looks: readonly SeenLook[]): Promise<readonly Decided[]> {
  const now = services.clock.now();
  const wanted = looks.map(({ look, seenAt, definition, refusal, unanswered }) => {
    const { run: id, chain, project } = look;
    return { id, chain, project, seenAt, definition, refusal, unanswered };
  });
  const results = await services.store.transact(
    "submit",
    async (tx) => await admitRuns(tx, wanted, now),
  );
  return looks.flatMap((each, index) => {
    const result = results[index];
    return result === undefined ? [] : [{ ...each, now, result }];
  });
}

/** What follows from a decision once it stands. */
async function goOn(services: Services, { look, definition, now, result }: Decided): Promise<void> {
  switch (result.outcome) {
    case "over":
      return;
    case "early": {
      const { run: ref, chain, project } = look;
      const again: Nudge = { kind: "submit", ref, at: result.dueAt, chain, project };
      await sendNudges(services, [again], now);
      return;
    }
    case "live":
      if (liveAttempt(result.run)?.launchedAt !== undefined) return;
      await launchRun(services, result.run, { definition, chain: result.chain });
      return;
    case "decided":
      reportSubmitted(services, result);
      await sendNudges(services, result.nudges, now);
      await followDecision(services, result, definition);
      return;
    default:
      assertNever(result);
  }
}

function reportSubmitted(services: Services, submitted: Submitted): void {
  const { log, telemetry } = services;
  if (submitted.isFirstLook) {
    reportDue(log, submitted.run);
    measureDue(telemetry, submitted.run, services.clock.now());
  }
  if (submitted.unchanged) return;
  reportDecision(log, submitted);
  measureDecision(telemetry, submitted);
}

async function followDecision(
  services: Services,
  { run, decision, chain, followers }: Submitted,
  definition: DefinitionRecord | undefined,
): Promise<void> {
  switch (decision.kind) {
    case "admit":
      await launchRun(services, run, { definition, chain });
      return;
    case "wait":
      for (const other of decision.cancel) await cancelQuietly(services, other);
      return;
    case "conclude":
      await wakeWaiting(services, [{ run, followers }]);
  }
}
