import type { RunId } from "../core/ids.ts";
import { eligibleAt } from "../core/run/due.ts";
import { isFinal, liveAttempt } from "../core/run/run.ts";
import { readRun } from "../records/run-record.ts";
import { readRunDefinition } from "../records/run-definition.ts";
import { admitRun } from "./admit-run.ts";
import { cancelQuietly } from "./cancel-run.ts";
import { launchRun } from "./launch-run.ts";
import { sendNudges } from "./nudge.ts";
import { reportDecision, reportDue } from "./report.ts";
import type { Services } from "./services.ts";
import { wakeWaiting } from "./wake.ts";

/**
 * Looks at a run that is due: admits it and starts its attempt, lets it wait, or ends it unstarted.
 * Safe to repeat at any point: a run that has ended or is already being watched is left alone, and
 * an attempt whose start was cut short is started again, which its executor makes harmless (P2).
 */
export async function submitRun(services: Services, id: RunId): Promise<void> {
  const now = services.clock.now();
  const { record, definition } = await services.store.snapshot(async (reader) => {
    const found = await readRun(reader, id);
    const schedule = found && (await readRunDefinition(reader, found.run));
    return { record: found, definition: schedule?.definition };
  });
  if (record === undefined || isFinal(record.run.state)) return;
  const live = liveAttempt(record.run);
  if (live !== undefined) {
    if (live.launchedAt === undefined) await launchRun(services, id);
    return;
  }
  const dueAt = eligibleAt(record.run);
  if (dueAt > now) {
    await sendNudges(services, [{ kind: "submit", ref: id, at: dueAt }], now);
    return;
  }

  const refusal =
    definition && (await services.executor.check(definition.project, definition.work))?.reason;
  const submitted = await services.store.transact(
    "submit",
    async (tx) => await admitRun(tx, id, { now, refusal }),
  );
  if (submitted === undefined) return;
  if (submitted.isFirstLook) reportDue(services.log, record.run);
  if (!submitted.unchanged) reportDecision(services.log, submitted);
  await sendNudges(services, submitted.nudges, now);

  switch (submitted.decision.kind) {
    case "admit":
      await launchRun(services, id);
      return;
    case "wait":
      for (const other of submitted.decision.cancel) await cancelQuietly(services, other);
      return;
    case "conclude":
      await wakeWaiting(services, submitted.run);
  }
}
