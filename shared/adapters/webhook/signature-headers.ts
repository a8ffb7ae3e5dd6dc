import { Webhook } from "standardwebhooks";
import type { Notification } from "../../ports/channel.ts";

/**
 * The signature of one try by the Standard Webhooks scheme (v1: HMAC-SHA256 over id, time and
 * body), or undefined where the secret is not base64 with or without `whsec_` in front.
 */
export function signatureHeaders(
  notification: Notification,
  secret: string,
): Readonly<Record<string, string>> | undefined {
  const webhook = readSecret(secret);
  if (webhook === undefined) return undefined;
  const { id, sentAt, body } = notification;
  return { "webhook-signature": webhook.sign(id, new Date(sentAt), body) };
}

function readSecret(secret: string): Webhook | undefined {
  try {
    return new Webhook(secret);
  } catch {
    return undefined; // The library's message could quote what it could not read.
  }
}
