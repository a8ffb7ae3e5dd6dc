import { FINAL_STATES } from "../shared/core/run/run.ts";
import type { LogStream } from "../shared/ports/executor.ts";
import { RunService } from "../shared/gen/orrery/v1/run_service_pb.ts";
import { pause, pollUntil } from "./poll-until.ts";
import type { Target } from "./target.ts";

/** Which log of a run is wanted. */
interface WantedLog {
  readonly run: string;
  readonly stream: LogStream;
  /** Counted from 1; 0 means the latest. */
  readonly attempt: number;
  /** Whether to wait for the attempt's start, and to go on until its end. */
  readonly follow: boolean;
}

/** The bytes of a log, from its beginning. */
export async function* logBytes(target: Target, wanted: WantedLog): AsyncIterable<Uint8Array> {
  if (!target.follows) {
    yield* wanted.follow ? followed(target, wanted) : all(target, wanted);
    return;
  }
  const { attempt, ...rest } = wanted;
  const request = { ...rest, attempt: BigInt(attempt) };
  for await (const { content } of target.api.stream(RunService.method.readLogs, request)) {
    yield content;
  }
}

/** What there is now: an answer over HTTP holds a bounded part, and the next goes on behind it. */
async function* all(
  target: Target,
  wanted: WantedLog & { readonly offset?: bigint },
): AsyncGenerator<Uint8Array, bigint> {
  const { run, stream, attempt } = wanted;
  let { offset = 0n } = wanted;
  for (;;) {
    const before = offset;
    const request = { run, stream, attempt: BigInt(attempt), offset };
    for await (const part of target.api.stream(RunService.method.readLogs, request)) {
      if (part.content.length > 0) yield part.content;
      ({ offset } = part);
    }
    if (offset === before) return offset;
  }
}

/** Over HTTP nobody tells when there is more, so it is asked for until the attempt has ended. */
async function* followed(target: Target, wanted: WantedLog): AsyncIterable<Uint8Array> {
  const attempt = await pollUntil(target, async () => await begun(target, wanted));
  if (attempt === 0) return;
  let offset = 0n;
  for (;;) {
    // Asked before the log is read: what was written until the end is then in what is read.
    const isOver = await hasEnded(target, { run: wanted.run, attempt });
    offset = yield* all(target, { ...wanted, attempt, offset });
    if (isOver) return;
    await pause(target.clock, target.pollMs);
  }
}

/** The attempt to follow, once there is one; 0 where its run ended without. */
async function begun({ api }: Target, { run, attempt }: WantedLog): Promise<number | undefined> {
  const { attempts, state } = await api.call(RunService.method.get, { run });
  const latest = attempts.at(-1)?.number ?? 0;
  if (latest > 0 && latest >= attempt) return attempt === 0 ? latest : attempt;
  return FINAL_STATES.some((each) => each === state) ? attempt : undefined;
}

async function hasEnded(
  { api }: Target,
  { run, attempt }: { readonly run: string; readonly attempt: number },
): Promise<boolean> {
  const { attempts, state } = await api.call(RunService.method.get, { run });
  const found = attempts.find(({ number }) => number === attempt);
  return found?.endedAt !== undefined || FINAL_STATES.some((each) => each === state);
}
