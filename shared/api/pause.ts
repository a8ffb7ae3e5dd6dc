import { limits } from "../core/limits.ts";
import { plusMs } from "../core/time/instant.ts";
import type { ApiServices } from "./api-services.ts";

/**
 * Waits until it is worth looking again; false as soon as the caller is gone. `quiet` is how many
 * looks in a row found nothing: each doubles the wait, because each reads the store.
 */
export async function pause(
  services: Pick<ApiServices, "clock" | "alarms">,
  signal: AbortSignal,
  quiet: number,
): Promise<boolean> {
  if (signal.aborted) return false;
  const waitMs = Math.min(limits.outputFollowMs * 2 ** quiet, limits.outputFollowMaxMs);
  return await new Promise<boolean>((resolve) => {
    const wakeAt = plusMs(services.clock.now(), waitMs);
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
