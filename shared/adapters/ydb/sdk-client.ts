import { Channel, type ChannelCredentials, type ChannelOptions } from "@grpc/grpc-js";
import type { Driver, IDriverSettings } from "ydb-sdk";
import { OrreryError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { CallGuard } from "./call-guard.ts";
import type { Credentials } from "./credentials.ts";
import { isLoopback } from "../../core/loopback.ts";
import type { DatabaseAddress } from "./database-address.ts";
import { driverSettings, endDriver } from "./driver-settings.ts";
import { answeredFailure, failureOf, YdbFailure } from "./failure.ts";
import { sdk } from "./sdk.ts";
import { mendEndpoints, mendPool } from "./sdk-mends.ts";
import { SdkSession } from "./sdk-session.ts";
import type { Client, ClientSession } from "./session-pool.ts";

export interface SdkClientParts {
  readonly address: DatabaseAddress;
  readonly credentials: Credentials;
  readonly clock: Clock & Alarms;
  readonly log: Log | undefined;
  /** Sessions in use at once. */
  readonly sessions: number;
}

/** The SDK's driver, inside what keeps its defects away: a test is named after each of them. */
export class SdkClient implements Client {
  readonly #parts: SdkClientParts;
  readonly #guard: CallGuard;
  readonly #channels = new Map<string, Channel>();
  #driver: Driver | undefined;
  #opening: Promise<Driver> | undefined;
  #isUsable = true;

  constructor(parts: SdkClientParts) {
    const { clock, credentials } = parts;
    this.#parts = parts;
    this.#guard = new CallGuard({ clock, credentials, failureIn });
  }

  async createSession(): Promise<ClientSession> {
    this.#opening ??= this.#open();
    const { tableClient } = await this.#opening;
    const { promise: made, resolve, reject } = Promise.withResolvers<SdkSession>();
    try {
      return await this.#guard.run(limits.ydbSessionMs, async () => {
        // The SDK lends a session for as long as the callback runs. Ours never ends, so that it
        // makes a new one every time, and lending them is our pool's business alone.
        const lent = tableClient.withSession(async (session) => {
          resolve(new SdkSession(session, this.#guard));
          await new Promise<never>(() => undefined);
        }, 0);
        lent.catch(reject);
        return await made;
      });
    } catch (error) {
      void made.then(
        async (late) => await late.end(),
        () => undefined,
      );
      throw error;
    }
  }

  isUsable(): boolean {
    return this.#isUsable;
  }

  async close(): Promise<void> {
    const { clock } = this.#parts;
    this.#isUsable = false;
    this.#guard.close();
    await endDriver(this.#driver, clock);
    for (const channel of this.#channels.values()) channel.close();
  }

  async #open(): Promise<Driver> {
    mendPool();
    try {
      return await this.#guard.run(limits.ydbRequestMs, async () => {
        this.#driver = new sdk.Driver(this.#settings());
        // Our own time ends first; this one only keeps the SDK's timer from staying behind.
        const isReady = await this.#driver.ready(2 * limits.ydbRequestMs);
        if (!isReady) throw new YdbFailure("TIMED_OUT", "the database's endpoints were not found");
        mendEndpoints(this.#driver);
        return this.#driver;
      });
    } catch (error) {
      this.#isUsable = false;
      throw error;
    }
  }

  #settings(): IDriverSettings {
    const { address, sessions } = this.#parts;
    return {
      ...driverSettings(address, this.#guard),
      // The SDK would ask every session every minute whether it lives. Ours are used or left.
      poolSettings: { minLimit: 1, maxLimit: sessions, keepAlivePeriod: NEVER_MS },
      clientOptions: {
        interceptors: [this.#guard.intercept],
        channelFactoryOverride: this.#channel,
        ...channelOptions(address.endpoint),
      },
      logger: quietLogger(this.#parts.log),
    };
  }

  /** One channel for each address: the SDK would open one for each of its services. */
  readonly #channel = (
    address: string,
    credentials: ChannelCredentials,
    options: ChannelOptions,
  ): Channel => {
    refusePlaintextToken(this.#parts, address);
    const channel = this.#channels.get(address) ?? new Channel(address, credentials, options);
    this.#channels.set(address, channel);
    return channel;
  };
}

/** The longest wait of a timer: 25 days. */
const NEVER_MS = 2 ** 31 - 1;

function channelOptions(endpoint: string): ChannelOptions {
  return {
    "grpc.max_receive_message_length": limits.ydbAnswerBytes,
    "grpc.keepalive_time_ms": limits.ydbKeepaliveMs,
    "grpc.keepalive_timeout_ms": limits.ydbKeepaliveTimeoutMs,
    // Without calls as well: after a freeze the question then goes out before the first call waits.
    "grpc.keepalive_permit_without_calls": 1,
    "grpc.max_reconnect_backoff_ms": limits.ydbReconnectMs,
    // A new client is to have a new connection, not the one that the old client left.
    "grpc.use_local_subchannel_pool": 1,
    "grpc.service_config_disable_resolution": 1,
    "grpc.enable_http_proxy": isLoopback(endpoint) ? 0 : 1,
  };
}

/** What the SDK repeats where it fails, of all that we call. */
const REPEATED = /^\/Ydb\.(?:Discovery|Table)\.V1\.\w+\/(?!ExecuteDataQuery$)/;

/** The failure that an answer holds, of a method that the SDK would repeat. */
function failureIn(method: string, answer: Uint8Array): YdbFailure | undefined {
  if (!REPEATED.test(method)) return undefined;
  try {
    // All these answers begin with the operation.
    const { operation } = sdk.Ydb.Table.CreateSessionResponse.decode(answer);
    const status = operation?.status ?? 0;
    const isSuccess = status === sdk.Ydb.StatusIds.StatusCode.SUCCESS;
    return isSuccess ? undefined : answeredFailure(status, operation?.issues ?? []);
  } catch (error) {
    return failureOf(error);
  }
}

function quietLogger(log: Log | undefined): NonNullable<IDriverSettings["logger"]> {
  const nothing = (): void => undefined;
  const error = (thrown: unknown): void => {
    log?.write({
      level: "warn",
      name: "ydb.discovery_failed",
      message: "The database's endpoints could not be looked up; those known are used on",
      fields: { reason: failureOf(thrown).message },
    });
  };
  return { fatal: nothing, error, warn: nothing, info: nothing, debug: nothing, trace: nothing };
}

/** Throws STORE_ADDRESS_INVALID where a token would travel unencrypted to another machine. */
export function refusePlaintextToken(
  { address, credentials }: Pick<SdkClientParts, "address" | "credentials">,
  endpoint: string,
): void {
  if (!credentials.haveTokens || address.tls || isLoopback(endpoint)) return;
  throw new OrreryError(
    "STORE_ADDRESS_INVALID",
    `A token would travel unencrypted to ${endpoint}: use grpcs:// or ydb://, or no token.`,
  );
}
