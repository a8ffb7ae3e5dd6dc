import type { Handler } from "@yandex-cloud/function-types";
import { fire } from "../../shared/usecases/fire.ts";
import { plusMs } from "../../shared/core/time/instant.ts";
import { decodeTimerEvent } from "../trigger-event.ts";
import { services } from "../wiring.ts";

/** Fires due schedules and re-drives anything overdue, once a minute. */
export const handler: Handler.Timer = async (event, context) => {
  decodeTimerEvent(event);
  const wired = services();
  const deadlineAt = plusMs(wired.clock.now(), context.getRemainingTimeInMillis());
  return await fire(wired, { scope: "due", deadlineAt });
};
