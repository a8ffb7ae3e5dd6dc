import type { Driver, IDriverSettings } from "ydb-sdk";
import { sdk } from "../../../shared/adapters/ydb/sdk.ts";
import type { Closing } from "../../support/opened.ts";
import type { ScriptedServer } from "./scripted-server.ts";

const nothing = (): void => undefined;

/** Says nothing, unlike the SDK's own. */
export const silent = {
  fatal: nothing,
  error: nothing,
  warn: nothing,
  info: nothing,
  debug: nothing,
  trace: nothing,
};

/**
 * The SDK as it comes, to see that a defect of it is still there: when one is not, what keeps it
 * away can go.
 */
export function rawDriver(
  closing: Closing,
  server: ScriptedServer,
  settings: Partial<IDriverSettings> = {},
): Driver {
  const { endpoint, database } = server.address;
  const driver = new sdk.Driver({
    connectionString: `grpc://${endpoint}${database}`,
    authService: new sdk.AnonymousAuthService(),
    logger: silent,
    ...settings,
  });
  closing.onTestFinished(async () => await driver.destroy());
  return driver;
}
