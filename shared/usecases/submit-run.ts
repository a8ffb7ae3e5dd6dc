import type { RunId } from "../core/ids.ts";
import { liveAttempt, type Run } from "../core/run/run.ts";
import { readDefinitionFor } from "../records/run-definition.ts";
import type { DefinitionRecord } from "../records/schedule-record.ts";
import { admitRun, type Submitted } from "./admit-run.ts";
import { cancelQuietly } from "./cancel-run.ts";
import { launchRun } from "./launch-run.ts";
import { sendNudges, type Look } from "./nudge.ts";
import { reportDecision, reportDue } from "./report.ts";
import type { Services } from "./services.ts";
import { wakeWaiting } from "./wake.ts";

/**
 * Looks at a run that is due: admits it and starts its attempt, lets it wait, or ends it unstarted.
 * Safe to repeat at any point: a run that has ended or is already being watched is left alone, and
 * an attempt whose start was cut short is started again, which its executor makes harmless (P2).
 */
export async function submitRun(
  services: Services,
  id: RunId,
  { chain }: Pick<Look, "chain"> = {},
): Promise<void> {
  const now = services.clock.now();
  const definition = await services.store.snapshot(
    async (reader) => await readDefinitionFor(reader, id),
  );
  const refusal = definition && (await refusalOf(services, definition));
  const submitted = await services.store.transact(
    "submit",
    async (tx) => await admitRun(tx, id, { now, definition, refusal, chain }),
  );
  switch (submitted.outcome) {
    case "over":
      return;
    case "early":
      await sendNudges(services, [{ kind: "submit", ref: id, at: submitted.dueAt, chain }], now);
      return;
    case "live":
      await launchWhereCutShort(services, submitted.run, { definition, chain: submitted.chain });
      return;
    case "decided":
      reportSubmitted(services, submitted);
      await sendNudges(services, submitted.nudges, now);
      await goOn(services, submitted, definition);
  }
}

async function refusalOf(
  services: Services,
  { definition }: DefinitionRecord,
): Promise<string | undefined> {
  return (await services.executor.check(definition.project, definition.work))?.reason;
}

async function launchWhereCutShort(
  services: Services,
  run: Run,
  known: { readonly definition: DefinitionRecord | undefined; readonly chain: Look["chain"] },
): Promise<void> {
  if (liveAttempt(run)?.launchedAt === undefined) await launchRun(services, run, known);
}

function reportSubmitted(services: Services, submitted: Submitted): void {
  if (submitted.isFirstLook) reportDue(services.log, submitted.run);
  if (!submitted.unchanged) reportDecision(services.log, submitted);
}

async function goOn(
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
      await wakeWaiting(services, run, followers);
  }
}
