import { limits } from "../core/limits.ts";
import { plusMs } from "../core/time/instant.ts";
import type { ApiServices } from "./api-services.ts";

/** Waits until it is worth looking again; false as soon as the caller is gone. */
export async function pause(
  services: Pick<ApiServices, "clock" | "alarms">,
  signal: AbortSignal,
): Promise<boolean> {
  if (signal.aborted) return false;
  return await new Promise<boolean>((resolve) => {
    const wakeAt = plusMs(services.clock.now(), limits.outputFollowMs);
    const cancel = services.alarms.set(wakeAt, () => {
      signal.removeEventListener("abort", leave);
      resolve(true);
    });
    const leave = (): void => {
      cancel();
      resolve(false);
    };
    signal.addEventListener("abort", leave, { once: true });
  });
}
