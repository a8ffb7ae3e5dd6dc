import { quoted } from "./describe-value.ts";
import type { Finding } from "./located-problem.ts";
import { didYouMean } from "./did-you-mean.ts";

/** One `after` as written: a schedule and those it waits for. */
export interface Waiting {
  readonly schedule: string;
  readonly after: readonly string[];
  /** Whether it has times of its own. */
  readonly timed: boolean;
}

/**
 * What is wrong with who waits for whom: a name that no schedule has, two upstreams of a schedule
 * without times of its own, and circles, each told whole.
 */
export function dependencyFindings(
  waitings: readonly Waiting[],
  names: readonly string[],
): readonly Finding[] {
  const known = new Set(names);
  const findings: Finding[] = [];
  for (const { schedule, after, timed } of waitings) {
    const path = ["schedules", schedule, "after"];
    for (const upstream of after.filter((name) => !known.has(name))) {
      findings.push({
        path: [...path, upstream],
        found: `the unknown schedule ${quoted(upstream)}`,
        expected: `a schedule of this file${didYouMean(upstream, names)}`,
        at: "key",
      });
    }
    if (timed || after.length <= 1) continue;
    findings.push({
      path,
      found: `${after.length} upstream schedules and no \`when\``,
      expected: "exactly one upstream, whose runs start this one's, or a `when`",
    });
  }
  return [...findings, ...cycleFindings(waitings)];
}

/** One circle cut open often opens others; a file with more than these is told again. */
const CIRCLES_TOLD = 10;

/** Walks the graph depth first with a stack of its own: a chain may be as long as the file. */
function cycleFindings(waitings: readonly Waiting[]): readonly Finding[] {
  const upstreams = new Map(waitings.map(({ schedule, after }) => [schedule, after]));
  const done = new Set<string>();
  const findings: Finding[] = [];
  for (const start of upstreams.keys()) {
    const trail: { name: string; next: number }[] = [{ name: start, next: 0 }];
    const onTrail = new Set([start]);
    for (let top = trail.at(-1); top !== undefined && !done.has(start); top = trail.at(-1)) {
      const upstream = upstreams.get(top.name)?.[top.next];
      top.next += 1;
      if (upstream === undefined) {
        done.add(top.name);
        onTrail.delete(top.name);
        trail.pop();
      } else if (onTrail.has(upstream)) {
        const circle = trail.slice(trail.findIndex(({ name }) => name === upstream));
        findings.push(cycleFinding([...circle.map(({ name }) => name), upstream]));
        if (findings.length >= CIRCLES_TOLD) return findings;
      } else if (!done.has(upstream)) {
        trail.push({ name: upstream, next: 0 });
        onTrail.add(upstream);
      }
    }
  }
  return findings;
}

function cycleFinding(circle: readonly string[]): Finding {
  const [schedule = "", upstream = ""] = circle;
  return {
    path: ["schedules", schedule, "after", upstream],
    found: `a circle: ${circle.join(" → ")}`,
    expected: "schedules that wait for no run of their own",
    at: "key",
  };
}
