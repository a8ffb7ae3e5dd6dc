import type { Instant } from "../time/instant.ts";
import { liveAttempt, type Run } from "./run.ts";

/**
 * When a run may be decided on, at the earliest. A retry keeps its backoff whoever wakes it; every
 * other wait may be looked at again at any time.
 */
export function eligibleAt(run: Run): Instant {
  if (run.state === "waiting" && run.reason?.code === "retry") {
    return run.nextEligibleAt ?? run.effectiveAt;
  }
  return run.effectiveAt;
}

/** Who looks at a live run next: the submit until its attempt is launched, then the watch. */
export function lookedAtBy(run: Run): "submit" | "watch" {
  return liveAttempt(run)?.launchedAt === undefined ? "submit" : "watch";
}
