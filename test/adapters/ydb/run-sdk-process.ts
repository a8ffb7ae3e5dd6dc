import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { realClock } from "../../support/real-clock.ts";

export interface SdkProcessReport {
  readonly result: string;
  /** The status of every rejection that nobody handled. */
  readonly unhandled: readonly string[];
  /** From its start to its end by itself. */
  readonly tookMs: number;
}

/** The end of a process on a busy machine; the SDK's own waits for a repetition reach a minute. */
const LINGER_MS = 3_000;

const PROGRAM = fileURLToPath(new URL("sdk-process.ts", import.meta.url));

/** Runs a scenario of `sdk-process.ts` to its end; one that never ends is killed and fails. */
export async function runSdkProcess(scenario: string, endpoint: string): Promise<SdkProcessReport> {
  const startMs = realClock.monotonicMs();
  const child = spawn(process.execPath, [PROGRAM, scenario, endpoint], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 40_000,
  });
  let output = "";
  let toldMs = startMs;
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    toldMs = realClock.monotonicMs();
  });
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  const line = output.split("\n").find((candidate) => candidate.startsWith("{"));
  if (code !== 0 || line === undefined) {
    throw new Error(`${scenario} ended with ${code ?? signal ?? "nothing"}: ${output}`);
  }
  // It tells as soon as its connection is closed. What keeps it alive then was left behind.
  const lingeredMs = realClock.monotonicMs() - toldMs;
  if (lingeredMs > LINGER_MS) throw new Error(`${scenario} lingered for ${lingeredMs} ms`);
  const report = JSON.parse(line) as Omit<SdkProcessReport, "tookMs">;
  return { ...report, tookMs: realClock.monotonicMs() - startMs };
}
