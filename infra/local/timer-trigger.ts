import { OrreryError } from "../../shared/core/errors.ts";
import { compileTiming } from "../../shared/core/schedule/compile-timing.ts";
import type { CompiledTiming } from "../../shared/core/schedule/compiled-timing.ts";
import { nextOccurrence } from "../../shared/core/schedule/next-occurrence.ts";
import type { Instant } from "../../shared/core/time/instant.ts";
import type { Alarms, Clock } from "../../shared/ports/clock.ts";

/** Fires at every instant of a timer's expression, until it is stopped. */
export function startTimer(
  expression: string,
  clock: Clock & Alarms,
  fire: (at: Instant) => void,
): () => void {
  const timing = timerTiming(expression);
  let cancel = (): void => undefined;
  const arm = (afterAt: Instant): void => {
    const at = nextOccurrence(timing, afterAt);
    if (at === undefined) return;
    cancel = clock.set(at, () => {
      fire(at);
      // A tick lost while the machine slept stays lost, as it does in the cloud.
      arm(clock.now() > at ? clock.now() : at);
    });
  };
  arm(clock.now());
  return () => {
    cancel();
  };
}

/** A number that is a day: one behind `#` counts weeks, and one behind `/` is a step. */
const WEEKDAY = /(?<![#/A-Za-z\d])\d+/g;

/**
 * Compiles a Yandex timer expression: minutes, hours, day of month, month, day of week, year, in
 * UTC, with Sunday as 1. Only `*` is taken for the year.
 * Source: Cloud Functions, "Timer": cron expression format.
 */
export function timerTiming(expression: string): CompiledTiming {
  const [minutes, hours, days, months, weekdays, year = "*", ...more] = expression
    .trim()
    .split(/\s+/);
  if (weekdays === undefined || more.length > 0 || year !== "*") throw invalid(expression);
  // Our own grammar would take an 8 that became a 7 for a Sunday.
  if (weekdays.match(WEEKDAY)?.some((day) => Number(day) > 7) === true) throw invalid(expression);
  const unix = weekdays.replaceAll(WEEKDAY, (day) => String(Number(day) - 1));
  const compiled = compileTiming({
    when: [
      {
        kind: "cron",
        expression: [minutes, hours, days, months, unix].join(" "),
        timezone: "UTC",
      },
    ],
    timezone: "UTC",
  });
  if (!compiled.ok) throw invalid(expression);
  return compiled.value;
}

function invalid(expression: string): OrreryError {
  return new OrreryError(
    "CONFIG_INVALID",
    `serverless.yaml has the timer expression "${expression}": expected minutes, hours, day of month, month, day of week and a year of *`,
  );
}
