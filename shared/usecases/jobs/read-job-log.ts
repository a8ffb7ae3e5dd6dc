import { OrreryError } from "../../core/errors.ts";
import { attemptIdOf, type AttemptId, type JobId } from "../../core/ids.ts";
import type { Job } from "../../core/job/job.ts";
import {
  appendRead,
  LOG_STREAMS,
  orderEnd,
  streamEnd,
  wholeCharacters,
  type LogStream,
  type LogStretch,
} from "../../core/job/log-order.ts";
import { limits } from "../../core/limits.ts";
import type { Instant } from "../../core/time/instant.ts";
import { readJob } from "../../records/job-record.ts";
import { readStretch, writeStretch } from "../../records/job-log-record.ts";
import type { Services } from "../services.ts";
import { findJob } from "./find-job.ts";

type LogServices = Pick<Services, "store" | "clock" | "executor">;

/** A piece of a job's logs. */
export interface LogPiece {
  readonly kind: "piece";
  readonly stream: LogStream;
  readonly bytes: Uint8Array;
  /** When it was first read. */
  readonly at: Instant;
  /** Where the next piece begins. */
  readonly nextOffset: number;
}

type LogRead =
  | LogPiece
  /** Nothing there by now, and the job lives. */
  | { readonly kind: "quiet" }
  /** Nothing there, and nothing will be. */
  | { readonly kind: "over" };

/**
 * The next piece of a job's logs from an offset on, in the one order that every reader sees. What
 * nobody read before is recorded before it is given out, so that the same offset means the same
 * bytes for good. A job without data any more has no logs: that is an end, not an error.
 */
export async function readJobLog(
  services: LogServices,
  id: string,
  offset: number,
): Promise<LogRead> {
  const seen = await services.store.snapshot(async (reader) => {
    const { job } = await findJob(reader, id);
    const stretch = await readStretch(reader, job.id, offset);
    return { job, stretch };
  });
  const { job, stretch } = seen;
  if (job.dataCleared) return { kind: "over" };
  const live = job.end === undefined;
  if (job.run === undefined) return { kind: live ? "quiet" : "over" };
  const attempt = attemptIdOf(job.run, 1);
  if (stretch !== undefined && offset < orderEnd(stretch)) {
    const piece = await replay(services, attempt, stretch, offset);
    if (piece !== undefined) return piece;
    // A stream that lost bytes keeps nobody from the others, once it cannot get them back.
    return live ? { kind: "quiet" } : await readJobLog(services, id, orderEnd(stretch));
  }
  if (offset !== orderEnd(stretch)) throw notAnOffset(id, offset);
  return await readNew(services, job, attempt, stretch);
}

function notAnOffset(id: string, offset: number): OrreryError {
  const description = `the logs of job ${id} do not reach to ${offset} yet: use an offset that an earlier message gave`;
  return new OrreryError("ARGUMENT_INVALID", `Wrong offset: ${description}`, {
    fields: [{ field: "offset", description }],
  });
}

/** Bytes that somebody read before: the same ones, in the same order; undefined where they are lost. */
async function replay(
  services: LogServices,
  attempt: AttemptId,
  stretch: LogStretch,
  offset: number,
): Promise<LogPiece | undefined> {
  const { stream, at } = stretch;
  const within = offset - stretch.start;
  const left = stretch.bytes - within;
  const chunk = await services.executor.readLog(attempt, stream, stretch.from + within);
  const some = chunk.bytes.subarray(0, Math.min(left, limits.logChunkBytes));
  const whole = some.length < left ? wholeCharacters(some) : some.length;
  const bytes = some.subarray(0, whole === 0 ? some.length : whole);
  if (bytes.length === 0) return undefined;
  return { kind: "piece", stream, bytes, at, nextOffset: offset + bytes.length };
}

/** Bytes that nobody read before, of the first stream that has some. */
async function readNew(
  services: LogServices,
  job: Job,
  attempt: AttemptId,
  last: LogStretch | undefined,
): Promise<LogRead> {
  const live = job.end === undefined;
  for (const stream of LOG_STREAMS) {
    const from = streamEnd(last, stream);
    const chunk = await services.executor.readLog(attempt, stream, from);
    const some = chunk.bytes.subarray(0, limits.logChunkBytes);
    const isTail =
      !live && some.length === chunk.bytes.length && some.length < limits.logChunkBytes;
    const bytes = some.subarray(0, isTail ? some.length : wholeCharacters(some));
    if (bytes.length === 0) continue;
    const at = services.clock.now();
    const isOurs = await record(services, job.id, last, { stream, bytes: bytes.length, at });
    if (isOurs) {
      const nextOffset = orderEnd(last) + bytes.length;
      return { kind: "piece", stream, bytes, at, nextOffset };
    }
    // Somebody went on with the order meanwhile, or the data is gone: the next look knows.
    return await readJobLog(services, job.id, orderEnd(last));
  }
  return { kind: live ? "quiet" : "over" };
}

/** Puts what was read behind what was read before; false where order or job moved on meanwhile. */
async function record(
  services: LogServices,
  job: JobId,
  last: LogStretch | undefined,
  read: { readonly stream: LogStream; readonly bytes: number; readonly at: Instant },
): Promise<boolean> {
  return await services.store.transact("record-log", async (tx) => {
    const present = await readStretch(tx, job);
    const isKept = (await readJob(tx, job))?.job.dataCleared === false;
    if (!isKept || orderEnd(present) !== orderEnd(last)) return false;
    writeStretch(tx, job, appendRead(present, read));
    return true;
  });
}
