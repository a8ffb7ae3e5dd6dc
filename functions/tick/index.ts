import type { Handler } from "@yandex-cloud/function-types";
import { limits } from "../../shared/core/limits.ts";
import { audit, isAuditDue } from "../../shared/usecases/audit/audit.ts";
import { isOutlookDue } from "../../shared/usecases/outlook/outlook-due.ts";
import { fire } from "../../shared/usecases/fire.ts";
import { plusMs } from "../../shared/core/time/instant.ts";
import { decodeTimerEvent } from "../timer-event.ts";
import { handleCall } from "../handle-call.ts";
import { services } from "../wiring.ts";

/** What the tick stands on. */
export const needs = ["store", "clock", "random", "queue", "log", "telemetry"] as const;

/** Loaded by the ticks that need it: one in ten, and a cold start is seldom one of them. */
const outlooks = async () => await import("../../shared/usecases/outlook/sweep-outlooks.ts");

/**
 * Fires due schedules and re-drives anything overdue, once a minute. Now and then it audits, or looks
 * after the outlooks of projects.
 */
export const handler: Handler.Timer = handleCall(
  { name: "tick", trigger: "timer" },
  async (event, context) => {
    decodeTimerEvent(event);
    const wired = services(needs);
    const now = wired.clock.now();
    const deadlineAt = plusMs(now, context.getRemainingTimeInMillis());
    const fired = await fire(wired, { scope: "due", deadlineAt });
    // Nobody else would read what an audit tells, and a tick that took long has more urgent things.
    const audits = wired.telemetry.isOn && isAuditDue(now);
    if (audits && context.getRemainingTimeInMillis() > limits.auditNeedsMs) await audit(wired);
    if (isOutlookDue(now)) {
      const { sweepOutlooks } = await outlooks();
      await sweepOutlooks(wired, { deadlineAt });
    }
    return fired;
  },
);
