import type { Driver, IDriverSettings } from "ydb-sdk";
import { limits } from "../../core/limits.ts";
import { plusMs } from "../../core/time/instant.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";
import type { CallGuard } from "./call-guard.ts";
import type { DatabaseAddress } from "./database-address.ts";

/** Where every driver of ours connects to, and as whom. */
export function driverSettings(
  { endpoint, database, tls }: DatabaseAddress,
  guard: CallGuard,
): Pick<IDriverSettings, "endpoint" | "database" | "authService"> {
  return {
    // Not the connection string: the SDK takes the path "/" of the cloud's own form for a name.
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- see above
    endpoint: `${tls ? "grpcs" : "grpc"}://${endpoint}`,
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- see above
    database,
    authService: { getAuthMetadata: async () => await guard.metadata() },
  };
}

/** Lets go of a driver within a bounded time, whatever it does; its guard is closed before. */
export async function endDriver(driver: Driver | undefined, clock: Clock & Alarms): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const cancel = clock.set(plusMs(clock.now(), limits.ydbEndMs), () => resolve(undefined));
  // With the guard closed its calls end at once; the time is for what we do not know.
  await Promise.race([driver?.destroy().catch(() => undefined), late]);
  cancel();
}
