/** Work as it happened, or as it may happen: it runs for `ms` from some start in the range. */
export interface WorkByHand {
  readonly earliestAt: number;
  readonly latestAt: number;
  readonly ms: number;
  readonly rate: number;
}

/** The most unit-milliseconds of one work in `(at - windowMs, at]`: every start is tried. */
export function worstWithin(work: WorkByHand, at: number, windowMs: number): number {
  let most = 0;
  for (let startAt = work.earliestAt; startAt <= work.latestAt; startAt += 1) {
    const from = Math.max(startAt, at - windowMs);
    const to = Math.min(startAt + work.ms, at);
    most = Math.max(most, to - from);
  }
  return most * work.rate;
}

/** The sum of `worstWithin` over many works. */
export function worstSum(works: readonly WorkByHand[], at: number, windowMs: number): number {
  return works.reduce((sum, work) => sum + worstWithin(work, at, windowMs), 0);
}

export interface FitByHand {
  readonly works: readonly WorkByHand[];
  readonly candidate: WorkByHand;
  readonly limitUnits: number;
  readonly windowMs: number;
  /** The distance between the instants that are tried. */
  readonly stepMs: number;
  /** Nothing known is left in the window after this instant. */
  readonly endAt: number;
}

/** Whether the candidate, moved to start at `startAt`, keeps every later window in the limit. */
export function fitsByHand(fit: FitByHand, startAt: number): boolean {
  const { works, candidate, limitUnits, windowMs, stepMs, endAt } = fit;
  const latestAt = startAt + candidate.latestAt - candidate.earliestAt;
  const all = [...works, { ...candidate, earliestAt: startAt, latestAt }];
  const goneAt = Math.max(endAt, latestAt + candidate.ms + windowMs);
  for (let at = startAt; at <= goneAt; at += stepMs) {
    if (worstSum(all, at, windowMs) > limitUnits * 1_000) return false;
  }
  return true;
}
