import type { NotificationType } from "./notification-type.ts";

/** Where a notification goes. A secret stays a reference until the channel sends. */
export type Target =
  | {
      readonly kind: "webhook";
      readonly url: string;
      /** `env:NAME`: where the signing secret is, never the secret itself. */
      readonly secret?: string;
    }
  | { readonly kind: "log" };

/** A standing wish to hear of some events, from the `notifications` of the YAML. */
export interface Subscription {
  readonly name: string;
  readonly on: readonly NotificationType[];
  /** Schedule names; `*` stands for any run of characters. */
  readonly schedules: readonly string[];
  readonly target: Target;
}
