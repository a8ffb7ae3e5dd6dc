import { assert } from "../../shared/core/assert.ts";

/**
 * Checks what concurrent transactions saw for strict serializability, by lists that transactions
 * append to: a list that somebody read names every append before it, in order. From that follow
 * the edges "wrote before", "was read by" and "read before it was written", and together with real
 * time they may form no circle.
 */

/** A transaction as its client saw it. */
export interface Witnessed {
  /** What it found in each list it read, oldest append first. */
  readonly reads: ReadonlyMap<string, readonly string[]>;
  /** What it appended, each text unique in the whole history. */
  readonly appends: readonly { readonly list: string; readonly text: string }[];
  /** `unknown`: it happened once or not at all. */
  readonly outcome: "happened" | "failed" | "unknown";
  /** Places in one count of all beginnings and ends. */
  readonly begunAt: number;
  readonly endedAt: number;
}

/** What is wrong with a history, given every list as it is at the end; empty where nothing is. */
export function anomalies(
  history: readonly Witnessed[],
  final: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const writers = writersOf(history, final);
  if (typeof writers === "string") return [writers];
  const happened = history.filter(
    (each) => each.outcome === "happened" || each.appends.some(({ text }) => writers.has(text)),
  );
  const found: string[] = [];
  for (const [index, each] of history.entries()) {
    const seen = each.appends.filter(({ text }) => writers.has(text)).length;
    if (each.outcome === "failed" && seen > 0) found.push(`${index} failed and left a trace`);
    if (each.outcome === "happened" && seen < each.appends.length) found.push(`${index} is lost`);
    if (seen > 0 && seen < each.appends.length) found.push(`${index} happened by half`);
  }
  for (const [index, { reads }] of happened.entries()) {
    for (const [list, read] of reads) {
      const order = final.get(list) ?? [];
      if (read.some((text, place) => order[place] !== text)) {
        found.push(`${index} read ${list} as ${read.join(" ")}, which never was`);
      }
    }
  }
  if (found.length > 0) return found;
  const circle = circleIn(happened, edgesOf(happened, final, writers));
  return circle === undefined ? [] : [`a circle of ${circle} transactions`];
}

/** Who made each append that is there at the end; a sentence where one is there twice or unowned. */
function writersOf(
  history: readonly Witnessed[],
  final: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, Witnessed> | string {
  const owners = new Map(
    history.flatMap((each) => each.appends.map(({ text }) => [text, each] as const)),
  );
  const writers = new Map<string, Witnessed>();
  for (const [list, texts] of final) {
    for (const text of texts) {
      const owner = owners.get(text);
      if (owner === undefined) return `${text} in ${list} is nobody's`;
      if (writers.has(text)) return `${text} is there twice`;
      writers.set(text, owner);
    }
  }
  return writers;
}

function edgesOf(
  happened: readonly Witnessed[],
  final: ReadonlyMap<string, readonly string[]>,
  writers: ReadonlyMap<string, Witnessed>,
): ReadonlyMap<Witnessed, ReadonlySet<Witnessed>> {
  const edges = new Map(happened.map((each) => [each, new Set<Witnessed>()]));
  const edge = (from: Witnessed | undefined, to: Witnessed | undefined): void => {
    if (from !== undefined && to !== undefined && from !== to) edges.get(from)?.add(to);
  };
  for (const order of final.values()) {
    for (const [place, text] of order.entries()) {
      edge(writers.get(order[place - 1] ?? ""), writers.get(text));
    }
  }
  for (const each of happened) {
    for (const [list, read] of each.reads) {
      edge(writers.get(read.at(-1) ?? ""), each);
      edge(each, writers.get(final.get(list)?.[read.length] ?? ""));
    }
    // What nobody heard of may have happened at any time after it began.
    for (const later of happened) {
      if (each.outcome === "happened" && each.endedAt < later.begunAt) edge(each, later);
    }
  }
  return edges;
}

/** The length of a circle, if there is one. */
function circleIn(
  all: readonly Witnessed[],
  edges: ReadonlyMap<Witnessed, ReadonlySet<Witnessed>>,
): number | undefined {
  const done = new Set<Witnessed>();
  for (const start of all) {
    // A walk with its own stack: a history may be longer than the machine's.
    const path: { readonly at: Witnessed; readonly next: Iterator<Witnessed> }[] = [];
    const onPath = new Set<Witnessed>();
    const enter = (at: Witnessed): void => {
      const next = edges.get(at)?.values();
      assert(next !== undefined, "every transaction has its edges");
      path.push({ at, next });
      onPath.add(at);
    };
    if (!done.has(start)) enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const step = top.next.next();
      if (step.done === true) {
        path.pop();
        onPath.delete(top.at);
        done.add(top.at);
      } else if (onPath.has(step.value)) {
        return path.length - path.findIndex(({ at }) => at === step.value);
      } else if (!done.has(step.value)) {
        enter(step.value);
      }
    }
  }
  return undefined;
}
