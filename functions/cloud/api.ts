import * as answering from "../api/index.ts";
import { inCloud } from "./cloud-function.ts";
import { api, apiToken, atHost, publicUrl } from "./parts/api.ts";
import { files } from "./parts/bucket.ts";
import { noChannels } from "./parts/channels.ts";
import { provider } from "./parts/datasphere.ts";
import { executor } from "./parts/executor.ts";
import { queue } from "./parts/queue.ts";
import { store } from "./parts/store.ts";

const composed = inCloud(answering, {
  ...{ store, queue, executor, files, provider, api, apiToken, publicUrl },
  channels: noChannels,
});

export const { open, load, requires } = composed;

export const handler: typeof composed.handler = async (event, context) =>
  await atHost(hostOf(event), async () => await composed.handler(event, context));

/** What the caller asked for, whichever way a gateway spells its headers. */
function hostOf(event: unknown): string | undefined {
  const { headers } = event as { readonly headers?: Readonly<Record<string, unknown>> | null };
  const [, host] = Object.entries(headers ?? {}).find(([name]) => /^host$/i.test(name)) ?? [];
  return typeof host === "string" && host !== "" ? host : undefined;
}
