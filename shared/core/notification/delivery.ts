import type { DeliveryId, ProjectId, RunId } from "../ids.ts";
import { readTraceParent, type TraceParent } from "../telemetry/traceparent.ts";
import type { Instant } from "../time/instant.ts";
import type { Target } from "./subscription.ts";

/** One try, kept as history. */
export interface DeliveryTry {
  readonly at: Instant;
  readonly tookMs: number;
  readonly detail: string;
}

/** What a delivery is about. */
export type Subject = { readonly run: RunId } | { readonly project: ProjectId };

/** One notification on its way to one target. */
export interface Delivery {
  readonly id: DeliveryId;
  readonly subscription: string;
  readonly about: Subject;
  readonly target: Target;
  /** The CloudEvent, already in JSON, so that every try sends the same bytes. */
  readonly body: string;
  readonly state: "pending" | "delivered" | "buried";
  /** When the next try is due; meaningless once it is not pending. */
  readonly nextTryAt: Instant;
  readonly tries: readonly DeliveryTry[];
}

/** The trace that a delivery belongs to, as its event says; absent where nobody listened. */
export function traceParentOf({ body }: Pick<Delivery, "body">): TraceParent | undefined {
  const event = JSON.parse(body) as { readonly traceparent?: unknown };
  return readTraceParent(event.traceparent);
}
