import { systemAlarms, systemClock } from "../../shared/adapters/system/system-clock.ts";
import type { Alarms, Clock } from "../../shared/ports/clock.ts";

/** This machine's time, for tests of what lives in it: sockets and processes. */
export const realClock: Clock & Alarms = { ...systemClock, ...systemAlarms };
