import {
  WebhookChannel,
  type WebhookChannelOptions,
} from "../../../shared/adapters/webhook/webhook-channel.ts";
import { instant } from "../../../shared/core/time/instant.ts";

export const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** The instant this channel's clock stands at: Fri, 15 Jan 2027 06:00:00 GMT. */
const CHANNEL_NOW = instant(Date.UTC(2027, 0, 15, 6));

/** A laptop's channel, which knows the secret `env:OPS_SECRET`. */
export function aChannel(options: Partial<WebhookChannelOptions> = {}): WebhookChannel {
  return new WebhookChannel({
    clock: { now: () => CHANNEL_NOW },
    secretOf: (reference) => (reference === "env:OPS_SECRET" ? SECRET : undefined),
    allowPrivate: true,
    ...options,
  });
}
