import type { Target } from "../core/notification/subscription.ts";
import type { TraceParent } from "../core/telemetry/traceparent.ts";
import type { Instant } from "../core/time/instant.ts";

/** One notification, ready to leave. The id is the same for every try, so a receiver can drop repeats. */
export interface Notification {
  readonly id: string;
  readonly sentAt: Instant;
  /** What is delivered: a CloudEvent in JSON. */
  readonly body: string;
  /** Where this try stands in its trace; each try has its own. */
  readonly traceParent?: TraceParent;
}

/** How one try ended. `retryable: false` means that trying again cannot help. */
export type DeliveryOutcome =
  | { readonly delivered: true; readonly detail: string }
  | {
      readonly delivered: false;
      readonly detail: string;
      readonly retryable: boolean;
      /** What the receiver asked for, such as `Retry-After`. */
      readonly retryAfterMs?: number;
    };

/** Delivers to one kind of target. It never throws for what a receiver does. */
export interface Channel<T extends Target = Target> {
  deliver(target: T, notification: Notification): Promise<DeliveryOutcome>;
}
