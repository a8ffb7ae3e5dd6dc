import { MINUTE_MS } from "../../core/time/duration.ts";
import { instant } from "../../core/time/instant.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";

/** This machine's clocks. */
export const systemClock: Clock = {
  now: () => instant(Date.now()),
  monotonicMs: () => performance.now(),
};

/** Alarms on this machine's wall clock. A process with an alarm set stays alive for it. */
export const systemAlarms: Alarms = alarmsOn(systemClock, MINUTE_MS);

/**
 * Alarms that look at the clock again at least every `longestWaitMs`. A timer measures elapsed
 * time: it may fire a moment early, it overflows after 25 days, and it sleeps while the machine
 * does. The clock decides instead, and after a suspend an alarm is late by one such wait at most.
 */
export function alarmsOn(clock: Clock, longestWaitMs: number): Alarms {
  return {
    set: (dueAt, wake) => {
      let timer: NodeJS.Timeout;
      const look = (): void => {
        const leftMs = dueAt - clock.now();
        if (leftMs <= 0) wake();
        else timer = setTimeout(look, Math.min(leftMs, longestWaitMs));
      };
      timer = setTimeout(look, Math.max(0, Math.min(dueAt - clock.now(), longestWaitMs)));
      return () => {
        clearTimeout(timer);
      };
    },
  };
}
