import { OrreryError } from "../core/errors.ts";
import { isAdHoc, isFinal, type Run } from "../core/run/run.ts";
import { findRun } from "./find-run.ts";
import { requestRun, type RunRequested } from "./request-run.ts";
import type { Services } from "./services.ts";

/** A wish to have a run that has ended tried anew. */
interface RetryRequest {
  readonly run: string;
  /** The id of this wish: a repeat finds the first run. */
  readonly id: string;
  /** Variables that take the place of those it had. */
  readonly inputs: Readonly<Record<string, string>>;
}

/**
 * Makes a run anew from the inputs of one that has ended: what its cause brought along, what was said
 * of it alone, and the nominal time that its inputs show. What it does is what its schedule says now.
 * The first run stays as it ended.
 */
export async function retryRun(
  services: Pick<Services, "store" | "clock" | "queue" | "log" | "telemetry">,
  { run: text, id, inputs }: RetryRequest,
): Promise<RunRequested> {
  const run = await services.store.snapshot(async (reader) => await findRun(reader, text));
  // A run that has ended never changes, so what was read of it holds.
  checkRetried(run);
  const { schedule, project, overrides, inputsAt = run.nominalAt } = run;
  return await requestRun(services, {
    schedule,
    cause: { kind: "person", id },
    inputs: { ...run.inputs, ...inputs },
    ...(overrides === undefined ? {} : { overrides }),
    retryOf: { run: run.id, project, inputsAt },
  });
}

function checkRetried(run: Run): void {
  const { id, state, cause } = run;
  if (isAdHoc(run)) {
    const instead =
      cause.kind === "job"
        ? "clone the job (`ProjectJobService.Clone`) and execute it"
        : "execute the notebook again";
    const text = `Run ${id} belongs to no schedule, so nothing says what it would do: ${instead}`;
    throw new OrreryError("RUN_AD_HOC", text);
  }
  if (isFinal(state)) return;
  const text = `Run ${id} is ${state}: wait for its end, or \`orrery cancel\` it first`;
  throw new OrreryError("RUN_LIVE", text);
}
