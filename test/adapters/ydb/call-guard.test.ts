import {
  type InterceptorOptions,
  type InterceptingCall,
  Metadata,
  status as grpc,
} from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { CallGuard } from "../../../shared/adapters/ydb/call-guard.ts";
import { Credentials } from "../../../shared/adapters/ydb/credentials.ts";
import { realClock } from "../../support/real-clock.ts";
import { failureFrom } from "./scripted-connection.ts";

const options = { method_definition: { path: "/Ydb.Table.V1.TableService/KeepAlive" } };

describe("a call of the SDK for which gRPC has no channel any more", () => {
  it("throws nothing into the SDK, and ends with a code that is never repeated", async () => {
    const guard = makeGuard();

    const status = await statusOf(guard, () => {
      throw new Error("Channel has been shut down");
    });

    expect(status).toEqual({
      code: grpc.FAILED_PRECONDITION,
      details: "UNKNOWN: Channel has been shut down",
    });
  });

  it("is what its work fails with", async () => {
    const guard = makeGuard();

    const failure = await failureFrom(
      guard.run(1_000, async () => {
        const noCall = (): never => {
          throw new Error("Channel has been shut down");
        };
        throw new Error(`Unexpected transport error code ${(await statusOf(guard, noCall)).code}!`);
      }),
    );

    expect(failure.message).toBe("Channel has been shut down");
  });
});

function makeGuard(): CallGuard {
  const credentials = new Credentials(undefined, realClock);
  return new CallGuard({ clock: realClock, credentials, failureIn: () => undefined });
}

/** Makes a call as gRPC's client does, and tells how it ended. */
async function statusOf(
  guard: CallGuard,
  nextCall: (options: InterceptorOptions) => InterceptingCall,
): Promise<{ readonly code: number; readonly details: string }> {
  const call = guard.intercept(options as unknown as InterceptorOptions, nextCall);
  return await new Promise((resolve) => {
    call.start(new Metadata(), {
      onReceiveMetadata: () => undefined,
      onReceiveMessage: () => undefined,
      onReceiveStatus: ({ code, details }) => resolve({ code, details }),
    });
    call.sendMessage(Buffer.alloc(0));
    call.halfClose();
  });
}
