import { LogChannel } from "../../../shared/adapters/log-channel/log-channel.ts";
import { environmentSecrets } from "../../../shared/adapters/secrets/environment-secrets.ts";
import type { Target } from "../../../shared/core/notification/subscription.ts";
import type { Channel } from "../../../shared/ports/channel.ts";
import type { Services } from "../../../shared/usecases/services.ts";
import { once, type Part, type World } from "./part.ts";

type Channels = Services["channels"];
type WebhookTarget = Extract<Target, { readonly kind: "webhook" }>;

// The HTTP client behind it is a quarter of the bundle.
const code = async () => await import("../../../shared/adapters/webhook/webhook-channel.ts");

/** Where notifications go. A webhook reaches no private address: those are the cloud's own. */
export const channels: Part<Channels> = {
  load: async (): Promise<unknown> => await code(),
  variables: [],
  open: (world) => ({ webhook: webhookChannel(world), log: new LogChannel(world.log) }),
};

/** For functions that write what is owed and leave the delivering to `notify`. */
export const noChannels: Part<Channels> = {
  variables: [],
  open: () => {
    const deliver = (): never => {
      throw new Error("Invariant broken: only notify delivers");
    };
    return { webhook: { deliver }, log: { deliver } };
  },
};

function webhookChannel({ clock, environment }: World): Channel<WebhookTarget> {
  const opened = once(async () => {
    const { WebhookChannel } = await code();
    const secretOf = environmentSecrets(environment);
    return new WebhookChannel({ clock, secretOf, allowPrivate: false });
  });
  return {
    deliver: async (target, notification) => await (await opened()).deliver(target, notification),
  };
}
