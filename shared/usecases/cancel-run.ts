import { OrreryError } from "../core/errors.ts";
import type { RunId } from "../core/ids.ts";
import { lookedAtBy } from "../core/run/due.ts";
import { isFinal, type Run } from "../core/run/run.ts";
import { moveRun } from "../core/run/run-state.ts";
import { readRun, writeRun } from "../records/run-record.ts";
import { conclusionFacts, planConclusion, writeConclusion } from "./conclude.ts";
import { measureFinal } from "./measure.ts";
import { lookAt, sendNudges } from "./nudge.ts";
import type { Services } from "./services.ts";
import { wakeWaiting } from "./wake.ts";

/** What DataSphere says of a job that was cancelled without a reason. */
export const CANCELED_BY_USER = "Canceled by user";

/** How a run is cancelled. */
export interface Cancellation {
  /** Kill its program at once; left out, it is asked to end first. */
  readonly how?: "kill";
  /** In the words of whoever cancels. */
  readonly text?: string;
}

/**
 * Cancels a run: at once where nothing of it runs, else by asking its program to end or by killing
 * it, which the watch does next. Repeating it changes nothing, but a kill may follow an asking; a
 * run that has ended is an error.
 */
export async function cancelRun(
  services: Pick<Services, "store" | "clock" | "queue" | "log" | "telemetry">,
  id: RunId,
  cancellation: Cancellation = {},
): Promise<Run> {
  const now = services.clock.now();
  const { run, nudges, followers } = await services.store.transact("cancel-run", async (tx) => {
    const record = await readRun(tx, id);
    if (record === undefined) {
      throw new OrreryError(
        "RUN_NOT_FOUND",
        `There is no run ${id}: list them with \`orrery runs\``,
      );
    }
    if (isFinal(record.run.state)) {
      throw new OrreryError(
        "RUN_FINISHED",
        `Run ${id} is already ${record.run.state}: nothing is left to cancel`,
      );
    }
    const { text = "Somebody cancelled it" } = cancellation;
    const reason = { code: "cancelled" as const, text };
    const moved = moveRun(record.run, { kind: "cancel", at: now, reason, ...cancellation });
    if (moved.outcome === "ignored") return { run: record.run, nudges: [], followers: [] };
    if (isFinal(moved.run.state)) {
      const facts = await conclusionFacts(tx, moved.run, { failed: false });
      const conclusion = await planConclusion(tx, moved.run, { ...facts, now });
      const { followers } = conclusion;
      return { run: moved.run, nudges: writeConclusion(tx, record, conclusion, now), followers };
    }
    // Its end is near, so a new chain polls it as often as at its beginning.
    const timer = { kind: lookedAtBy(moved.run), ref: id, dueAt: now };
    writeRun(tx, record, { run: moved.run, timer });
    return { run: moved.run, nudges: [lookAt(moved.run, { chain: now, at: now })], followers: [] };
  });
  await sendNudges(services, nudges, now);
  if (isFinal(run.state)) {
    measureFinal(services.telemetry, run);
    await wakeWaiting(services, [{ run, followers }]);
  }
  return run;
}

/** Cancels a run where one that has just ended by itself is fine. */
export async function cancelQuietly(
  services: Pick<Services, "store" | "clock" | "queue" | "log" | "telemetry">,
  id: RunId,
  cancellation: Cancellation = {},
): Promise<void> {
  try {
    await cancelRun(services, id, cancellation);
  } catch (error) {
    if (!(error instanceof OrreryError && error.code === "RUN_FINISHED")) throw error;
  }
}
