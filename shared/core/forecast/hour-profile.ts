import { HOUR_MS, SECOND_MS } from "../time/duration.ts";
import { instant, type Instant } from "../time/instant.ts";
import { busyMs, spentWithin, type Spend } from "../units/spend.ts";
import { Agenda } from "./agenda.ts";
import type { HourPeak } from "./plan.ts";

/** Where the sum changes its slope, and by how much. */
interface Turn {
  readonly at: number;
  readonly by: number;
}

/**
 * What is spent in the trailing hour, walked through once, from its first instant on. Its sum of
 * trapezoids is highest at a corner, so only those are looked at. A spend has to be told before
 * the walk has passed its start.
 */
export class HourProfile {
  readonly #turns = new Agenda<Turn>();
  #at: number;
  #value = 0;
  #slope = 0;
  #peak: { value: number; at: number };

  constructor(at: Instant, spends: readonly Spend[]) {
    this.#at = at;
    for (const spend of spends) {
      this.#value += spentWithin(spend, at, HOUR_MS);
      for (const turn of turnsOf(spend)) this.#turn(turn);
    }
    this.#peak = { value: this.#value, at };
  }

  add(spend: Spend): void {
    for (const turn of turnsOf(spend)) this.#turn(turn);
  }

  /** Takes back the rest of a spend that ends earlier than it was told to. */
  cut(spend: Spend, endAt: Instant): void {
    for (const { at, by } of turnsOf(spend)) if (at > this.#at) this.#turn({ at, by: -by });
    const spentMs = Math.max(0, Math.min(spend.endAt, endAt) - spend.startAt);
    const units = (spentMs / SECOND_MS) * spend.rate;
    if (units <= 0) return;
    for (const turn of turnsOf({ ...spend, endAt: instant(spend.startAt + spentMs), units })) {
      if (turn.at >= this.#at) this.#turn(turn);
    }
  }

  walkTo(at: Instant): void {
    for (;;) {
      const nextAt = this.#turns.nextAt();
      if (nextAt === undefined || nextAt > at) break;
      const turn = this.#turns.take();
      if (turn === undefined) break;
      this.#step(turn.at);
      this.#slope += turn.by;
    }
    this.#step(at);
  }

  peak(): HourPeak {
    return { units: Math.ceil(this.#peak.value / SECOND_MS), at: instant(this.#peak.at) };
  }

  #turn(turn: Turn): void {
    if (turn.at <= this.#at) this.#slope += turn.by;
    else this.#turns.add(instant(turn.at), "fire", turn);
  }

  #step(at: number): void {
    if (at <= this.#at) return;
    this.#value += this.#slope * (at - this.#at);
    this.#at = at;
    if (this.#value > this.#peak.value) this.#peak = { value: this.#value, at };
  }
}

function turnsOf(spend: Spend): readonly Turn[] {
  const { startAt, rate } = spend;
  const goneAt = spend.endAt + HOUR_MS;
  const rampMs = busyMs(spend, HOUR_MS);
  return [
    { at: startAt, by: rate },
    { at: startAt + rampMs, by: -rate },
    { at: goneAt - rampMs, by: -rate },
    { at: goneAt, by: rate },
  ];
}
