import type { NotificationType } from "./notification-type.ts";
import type { Subscription } from "./subscription.ts";

/** Whether a subscription wants to hear of this; what is about no schedule goes by its type alone. */
export function wants(
  subscription: Subscription,
  type: NotificationType,
  schedule: string | undefined,
): boolean {
  return (
    subscription.on.includes(type) &&
    (schedule === undefined ||
      subscription.schedules.some((pattern) => matchesPattern(pattern, schedule)))
  );
}

/** `*` stands for any run of characters; everything else for itself. Linear, so no pattern is slow. */
export function matchesPattern(pattern: string, name: string): boolean {
  const [head = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return pattern === name;
  const tail = rest.pop() ?? "";
  if (name.length < head.length + tail.length) return false;
  if (!name.startsWith(head) || !name.endsWith(tail)) return false;
  const end = name.length - tail.length;
  let position = head.length;
  for (const part of rest) {
    const found = name.indexOf(part, position);
    if (found < 0 || found + part.length > end) return false;
    position = found + part.length;
  }
  return true;
}
