import { limits } from "../../core/limits.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { Credentials } from "./credentials.ts";
import type { DatabaseAddress } from "./database-address.ts";
import { refusePlaintextToken, SdkClient } from "./sdk-client.ts";
import { SessionPool } from "./session-pool.ts";
import type { Connection } from "./session.ts";
import type { TokenSource } from "./token-source.ts";

export interface ConnectionOptions {
  readonly address: DatabaseAddress;
  /** Who calls; nobody unless given, as a local database has it. */
  readonly tokens?: TokenSource | undefined;
  readonly clock: Clock & Alarms;
  readonly log?: Log | undefined;
  /** Sessions in use at once; `limits.ydbSessions` unless given. */
  readonly sessions?: number | undefined;
}

/**
 * A connection that opens with the first `acquire`. Throws STORE_ADDRESS_INVALID where a token would
 * travel unencrypted to another machine. Importing this file loads the SDK, some 200 ms.
 */
export function openConnection(options: ConnectionOptions): Connection {
  const { address, tokens, clock, log, sessions = limits.ydbSessions } = options;
  const credentials = new Credentials(tokens, clock);
  const parts = { address, credentials, clock, log, sessions };
  refusePlaintextToken(parts, address.endpoint);
  return new SessionPool({ clock, sessions, makeClient: () => new SdkClient(parts) });
}
