import { timestampFromMs, type Duration, type Timestamp } from "@bufbuild/protobuf/wkt";
import { instant, type Instant } from "../../../core/time/instant.ts";

/** An optional instant as an optional timestamp field. */
export function timestamp<const Name extends string>(
  name: Name,
  at: Instant | undefined,
): { readonly [K in Name]?: Timestamp } {
  return at === undefined ? {} : ({ [name]: timestampFromMs(at) } as { [K in Name]: Timestamp });
}

/** Whole milliseconds; what a client sends finer is cut. */
export function instantOf({ seconds, nanos }: Timestamp): Instant {
  return instant(Number(seconds) * 1_000 + Math.floor(nanos / 1_000_000));
}

export function durationOf(durationMs: number): Pick<Duration, "seconds" | "nanos"> {
  const seconds = Math.floor(durationMs / 1_000);
  return { seconds: BigInt(seconds), nanos: (durationMs - seconds * 1_000) * 1_000_000 };
}
