import { durationMs } from "@bufbuild/protobuf/wkt";
import { OrreryError, wrongFields } from "../../../core/errors.ts";
import { digest, type RunId } from "../../../core/ids.ts";
import { wrongTimeout, type RunOverrides } from "../../../core/run/run-overrides.ts";
import type { OnLimit, Priority } from "../../../core/schedule/schedule-definition.ts";
import type { RunOverrides as RunOverridesMessage } from "../../../gen/orrery/v1/run_pb.ts";
import type { RunRequested } from "../../../usecases/request-run.ts";
import type { ApiServices } from "../../api-services.ts";
import type { Call } from "../../call.ts";

/** As long as a fresh id: 80 bits. */
const WISH_ID_CHARS = 20;

/**
 * The id of a caller's wish for a run: its own, or a fresh one. An `Idempotency-Key` is its caller's
 * own: with another caller it means another wish.
 */
export function wishId(
  { random }: Pick<ApiServices, "random">,
  { id }: { readonly id: string },
  { once }: Pick<Call, "once">,
): string {
  if (id !== "") return id;
  return once === undefined ? random.id() : digest([once.scope, once.key], WISH_ID_CHARS);
}

/** What a wish for a run came to; one that was rejected is thrown. */
export function madeRun(
  requested: RunRequested,
  { caller }: Pick<Call, "caller">,
): { readonly run: RunId; readonly repeated: boolean } {
  if (requested.outcome !== "rejected") {
    return { run: requested.run, repeated: requested.outcome === "repeated" };
  }
  // What the id asked for before may be in a project that this caller does not see.
  const isHidden = requested.code === "REQUEST_CONFLICT" && caller.kind !== "platform";
  const why = isHidden ? "its id asked for something else before: use a new id" : requested.reason;
  throw new OrreryError(requested.code, `Nothing was started: ${why}`);
}

/** What is to be otherwise for one run; undefined where nothing is. */
export function overridesOf(message: RunOverridesMessage | undefined): RunOverrides | undefined {
  if (message === undefined) return undefined;
  const { priority, timeout, onLimit } = message;
  const timeoutMs = timeout && Math.floor(durationMs(timeout));
  const wrong = timeoutMs === undefined ? undefined : wrongTimeout(timeoutMs);
  if (wrong !== undefined) throw wrongFields([{ field: "overrides.timeout", description: wrong }]);
  const overrides: RunOverrides = {
    // The pipeline has checked both.
    ...(priority === "" ? {} : { priority: priority as Priority }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(onLimit === "" ? {} : { onLimit: onLimit as OnLimit }),
  };
  return Object.keys(overrides).length === 0 ? undefined : overrides;
}
