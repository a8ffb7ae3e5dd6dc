import type { ScheduleName } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Run } from "../core/run/run.ts";
import type { Reader } from "../ports/store.ts";
import { scanRuns, type RunPlace } from "../records/run-record.ts";

/** Runs of one schedule that were read and not handed on yet. */
interface Source {
  readonly schedule: ScheduleName;
  runs: readonly Run[];
  next: number;
  /** How many to read at once; it doubles, because whoever went through them goes on. */
  chunk: number;
  isOver: boolean;
}

/**
 * Runs of these schedules as one listing: latest nominal time first, then by id from the last. Of
 * each schedule no more is read than it takes to know the next run.
 */
export async function* latestRuns(
  reader: Reader,
  schedules: readonly ScheduleName[],
  after: RunPlace | undefined,
): AsyncGenerator<Run> {
  const sources: Source[] = [];
  const chunk = schedules.length === 1 ? limits.runChunkRows * 10 : limits.runChunkRows;
  for (const schedule of schedules) {
    const source = { schedule, runs: [], next: 0, chunk, isOver: false };
    sources.push(source);
    await read(reader, source, after);
  }
  for (;;) {
    const source = latest(sources);
    const run = source?.runs[source.next];
    if (source === undefined || run === undefined) return;
    yield run;
    source.next += 1;
    if (source.next === source.runs.length && !source.isOver) {
      await read(reader, source, placeOf(run));
    }
  }
}

export function placeOf({ nominalAt, id }: Run): RunPlace {
  return { nominalAt, run: id };
}

async function read(reader: Reader, source: Source, after: RunPlace | undefined): Promise<void> {
  const records = await scanRuns(reader, source.schedule, {
    limit: source.chunk,
    ...(after === undefined ? {} : { after }),
  });
  source.runs = records.map(({ run }) => run);
  source.next = 0;
  source.isOver = records.length < source.chunk;
  source.chunk = Math.min(2 * source.chunk, limits.scanRows);
}

/** The source whose next run comes first. */
function latest(sources: readonly Source[]): Source | undefined {
  let first: Source | undefined;
  for (const source of sources) {
    const run = source.runs[source.next];
    const best = first?.runs[first.next];
    if (run !== undefined && (best === undefined || comesBefore(run, best))) first = source;
  }
  return first;
}

function comesBefore(run: Run, other: Run): boolean {
  return run.nominalAt === other.nominalAt ? run.id > other.id : run.nominalAt > other.nominalAt;
}
