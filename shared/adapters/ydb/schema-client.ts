import { Channel, type ChannelCredentials, type ChannelOptions } from "@grpc/grpc-js";
import type { Driver } from "ydb-sdk";
import { limits } from "../../core/limits.ts";
import { CallGuard } from "./call-guard.ts";
import type { ConnectionOptions } from "./connection.ts";
import { Credentials } from "./credentials.ts";
import { driverSettings, endDriver } from "./driver-settings.ts";
import { answeredFailure, failureOf, type YdbFailure } from "./failure.ts";
import type { SchemaClient } from "./schema-statement.ts";
import { sdk } from "./sdk.ts";
import { refusePlaintextToken } from "./sdk-client.ts";
import { mendEndpoints, mendPool } from "./sdk-mends.ts";

/**
 * The statements that change a schema, through the SDK's Query service: its Table service takes
 * none. That client is made for this alone, because what it does to a transaction that fails is no
 * good; a schema statement has none.
 */
export function openSchemaClient(options: ConnectionOptions): SchemaClient {
  let client: SdkSchemaClient | undefined;
  const leave = async (): Promise<void> => {
    const left = client;
    client = undefined;
    await left?.close();
  };
  return {
    async execute(text) {
      try {
        await (client ??= new SdkSchemaClient(options)).execute(text);
      } catch (error) {
        // Its session may be gone, and the SDK would hand out the same one again.
        await leave();
        throw failureOf(error);
      }
    },
    close: leave,
  };
}

class SdkSchemaClient {
  readonly #options: ConnectionOptions;
  readonly #credentials: Credentials;
  readonly #guard: CallGuard;
  #driver: Driver | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const credentials = new Credentials(options.tokens, options.clock);
    this.#credentials = credentials;
    this.#guard = new CallGuard({ clock: options.clock, credentials, failureIn });
  }

  async execute(text: string): Promise<void> {
    const driver = (this.#driver ??= await this.#open());
    const failed = await this.#guard.run(
      limits.ydbSchemaCallMs,
      async () =>
        await driver.queryClient.do({
          // What the callback throws the SDK repeats as it likes; what it answers is ours.
          fn: async (session) =>
            await session.execute({ text }).then(
              async ({ opFinished }) => await opFinished,
              (error: unknown) => ({ error }),
            ),
        }),
    );
    if (failed !== undefined) throw failureOf(failed.error);
  }

  async close(): Promise<void> {
    const { clock } = this.#options;
    this.#guard.close();
    await endDriver(this.#driver, clock);
  }

  async #open(): Promise<Driver> {
    mendPool();
    const driver = new sdk.Driver({
      ...driverSettings(this.#options.address, this.#guard),
      clientOptions: {
        interceptors: [this.#guard.intercept],
        channelFactoryOverride: this.#channel,
      },
      logger: QUIET,
    });
    this.#driver = driver;
    await this.#guard.run(
      limits.ydbRequestMs,
      async () => await driver.ready(2 * limits.ydbRequestMs),
    );
    mendEndpoints(driver);
    return driver;
  }

  readonly #channel = (
    endpoint: string,
    channelCredentials: ChannelCredentials,
    options: ChannelOptions,
  ): Channel => {
    const { address } = this.#options;
    refusePlaintextToken({ address, credentials: this.#credentials }, endpoint);
    return new Channel(endpoint, channelCredentials, options);
  };
}

const nothing = (): void => undefined;
const QUIET = {
  fatal: nothing,
  error: nothing,
  warn: nothing,
  info: nothing,
  debug: nothing,
  trace: nothing,
};

/** The failure that an answer holds: the Query service has it on top, the others in an operation. */
function failureIn(method: string, answer: Uint8Array): YdbFailure | undefined {
  try {
    const { status, issues } = method.includes(".Query.")
      ? sdk.Ydb.Query.CreateSessionResponse.decode(answer)
      : (sdk.Ydb.Discovery.ListEndpointsResponse.decode(answer).operation ?? {});
    const isSuccess = status === sdk.Ydb.StatusIds.StatusCode.SUCCESS;
    return isSuccess ? undefined : answeredFailure(status ?? 0, issues ?? []);
  } catch (error) {
    return failureOf(error);
  }
}
