import type { ScheduleName } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Run } from "../core/run/run.ts";
import type { Reader } from "../ports/store.ts";
import { scanRuns, type RunPlace } from "../records/run-record.ts";

/** Which runs to go through. */
export interface RunListing {
  readonly schedules: readonly ScheduleName[];
  readonly after?: RunPlace | undefined;
  /** How many its reader needs if it drops none: nothing is read ahead for more than these. */
  readonly wanted: number;
  /** Hears of runs that were read, all at once, before the first of them is handed on. */
  readonly onRead: (runs: readonly Run[]) => Promise<void>;
}

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
 * Runs of these schedules as one listing: latest nominal time first, then by id from the last. The
 * first runs of all of them are asked for together: of several schedules an even share of what is
 * wanted and one more, because the next run is only known where each has one left.
 */
export async function* latestRuns(reader: Reader, listing: RunListing): AsyncGenerator<Run> {
  const { schedules, wanted } = listing;
  const share = schedules.length === 1 ? wanted : Math.ceil(wanted / schedules.length) + 1;
  const chunk = Math.min(share, limits.scanRows);
  const sources = schedules.map((schedule): Source => ({
    schedule,
    runs: [],
    next: 0,
    chunk,
    isOver: false,
  }));
  await read(reader, listing, sources, listing.after);
  for (let left = wanted - 1; ; left -= 1) {
    const source = latest(sources);
    const run = source?.runs[source.next];
    if (source === undefined || run === undefined) return;
    yield run;
    source.next += 1;
    if (source.next === source.runs.length && !source.isOver) {
      // Whoever goes on behind what it wanted drops runs, nobody knows how many.
      const most = left > 0 ? left : limits.scanRows;
      source.chunk = Math.min(2 * source.chunk, most, limits.scanRows);
      await read(reader, listing, [source], placeOf(run));
    }
  }
}

export function placeOf({ nominalAt, id }: Run): RunPlace {
  return { nominalAt, run: id };
}

async function read(
  reader: Reader,
  { onRead }: RunListing,
  sources: readonly Source[],
  after: RunPlace | undefined,
): Promise<void> {
  await Promise.all(
    sources.map(async (source) => {
      const records = await scanRuns(reader, source.schedule, {
        limit: source.chunk,
        ...(after === undefined ? {} : { after }),
      });
      source.runs = records.map(({ run }) => run);
      source.next = 0;
      source.isOver = records.length < source.chunk;
    }),
  );
  await onRead(sources.flatMap(({ runs }) => runs));
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
