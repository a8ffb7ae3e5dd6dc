import { OrreryError } from "../../../core/errors.ts";
import { attemptIdOf } from "../../../core/ids.ts";
import { isFinal, type Run } from "../../../core/run/run.ts";
import type { LogStream } from "../../../ports/executor.ts";
import type { ApiServices } from "../../api-services.ts";
import type { Call } from "../../call.ts";
import { pause } from "../../pause.ts";

/** Which log to read, and how. */
export interface LogWish {
  readonly find: () => Promise<Run>;
  /** 0 means the latest. */
  readonly attempt: number;
  readonly stream: LogStream;
  readonly offset: number;
  /** Whether to wait for a start if need be, and to go on until the attempt ends. */
  readonly follows: boolean;
}

/** A piece of a log and where to resume. */
interface Piece {
  readonly content: Uint8Array;
  readonly offset: bigint;
}

/** One stream of an attempt from an offset on; without an attempt it throws `LOG_NOT_FOUND`. */
export async function* readRunLogs(
  services: ApiServices,
  call: Call,
  wish: LogWish,
): AsyncIterable<Piece> {
  const follows = wish.follows && call.follows;
  let run = await wish.find();
  let quiet = 0;
  while (follows && run.attempts.length < Math.max(1, wish.attempt) && !isFinal(run.state)) {
    if (!(await pause(services, call.signal, quiet))) return;
    quiet += 1;
    run = await wish.find();
  }
  const number = attemptNumber(run, wish.attempt);
  let offset = wish.offset;
  quiet = 0;
  for (;;) {
    // Asked before the read: what was written before the end is read after it.
    const ended = (await wish.find()).attempts[number - 1]?.end !== undefined;
    for (;;) {
      const { bytes, nextOffset } = await services.executor.readLog(
        attemptIdOf(run.id, number),
        wish.stream,
        offset,
      );
      if (bytes.length === 0) break;
      offset = nextOffset;
      quiet = 0;
      yield { content: bytes, offset: BigInt(offset) };
    }
    if (ended || !follows || !(await pause(services, call.signal, quiet))) return;
    quiet += 1;
  }
}

function attemptNumber(run: Run, asked: number): number {
  const last = run.attempts.length;
  if (last === 0) {
    const why = run.reason === undefined ? "" : `: ${run.reason.text} [${run.reason.code}]`;
    throw new OrreryError(
      "LOG_NOT_FOUND",
      `Run ${run.id} has never started, so it wrote nothing; it is ${run.state}${why}`,
    );
  }
  if (asked <= last) return asked === 0 ? last : asked;
  throw new OrreryError(
    "LOG_NOT_FOUND",
    `Run ${run.id} has no attempt ${asked}: its last one is ${last}`,
  );
}
