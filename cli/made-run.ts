import { OrreryError } from "../shared/core/errors.ts";
import { isFinal, type Run } from "../shared/core/run/run.ts";
import { viewRun } from "../shared/core/run/run-view.ts";
import { RunService } from "../shared/gen/orrery/v1/run_service_pb.ts";
import { decodeRun } from "./decoded-run.ts";
import { pollUntil } from "./poll-until.ts";
import { reasonText, tookText } from "./run-text.ts";
import type { Target } from "./target.ts";
import { printJson, type Terminal } from "./terminal.ts";

/** A run that was just asked for, and what is wanted of it. */
interface MadeRun {
  readonly id: string;
  readonly wait?: true;
  readonly json?: true;
}

/** Tells of a run that was just asked for: its id, or with `wait` how it ended. */
export async function followMade(
  terminal: Terminal,
  target: Target,
  { id, wait, json }: MadeRun,
): Promise<void> {
  const find = async (): Promise<Run> =>
    decodeRun(await target.api.call(RunService.method.get, { run: id }));
  const show = (made: Run): void =>
    json === true ? printJson(terminal, viewRun(made)) : terminal.out(id);

  await target.warnUnlessRunning("the run starts with the next `orrery up`");
  if (wait !== true) {
    show(await find());
    return;
  }
  // The id alone is known before the end; whoever waits may want it for `logs --follow`.
  if (json !== true) terminal.out(id);
  const ended = await pollUntil(target, async () => {
    const seen = await find();
    return isFinal(seen.state) ? seen : undefined;
  });
  if (json === true) show(ended);
  tellEnd(terminal, ended, target);
}

function tellEnd(terminal: Terminal, ended: Run, target: Target): void {
  if (ended.state === "succeeded") {
    terminal.err(`Run ${ended.id} succeeded in ${tookText(ended, target.clock.now())}`);
    return;
  }
  const text = `Run ${ended.id} is ${ended.state}: ${reasonText(ended)}`;
  throw new OrreryError("RUN_UNSUCCESSFUL", text);
}
