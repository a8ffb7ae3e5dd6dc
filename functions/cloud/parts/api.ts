import { AsyncLocalStorage } from "node:async_hooks";
import type { ApiServices } from "../../../shared/api/api-services.ts";
import type { Api } from "../../../shared/api/api.ts";
import { createApi } from "../../../shared/api/create-api.ts";
import { servedServices } from "../../../shared/api/served-services.ts";
import { assert } from "../../../shared/core/assert.ts";
import { optionalValue, valueOf, type Variable } from "../environment.ts";
import { files } from "./bucket.ts";
import { noChannels } from "./channels.ts";
import { provider } from "./datasphere.ts";
import { executor } from "./executor.ts";
import type { Part, World } from "./part.ts";
import { queue } from "./queue.ts";
import { store } from "./store.ts";
import { measuredParts } from "./world.ts";

const TOKEN: Variable = {
  name: "ORRERY_API_TOKEN",
  about: "the installation's own token, from a Lockbox secret",
};

/** The installation's own token. */
export const apiToken: Part<string> = {
  variables: [TOKEN],
  open: ({ environment }) => valueOf(TOKEN, environment),
};

/** The host that the present call came to. */
const called = new AsyncLocalStorage<string | undefined>();

/** Does the work of a call that came to this host. */
export async function atHost<T>(host: string | undefined, work: () => Promise<T>): Promise<T> {
  return await called.run(host, work);
}

/** Where we are reached: a domain of the installation's own, or wherever the call came to. */
export const publicUrl: Part<() => string> = {
  variables: [],
  open: ({ environment }) => {
    const own = optionalValue("ORRERY_PUBLIC_URL", environment, "").replace(/\/+$/, "");
    return () => {
      if (own !== "") return own;
      const host = called.getStore();
      assert(host !== undefined, "a call over HTTP names its host, or ORRERY_PUBLIC_URL is set");
      return `https://${host}`;
    };
  },
};

/** The API over everything else. */
export const api: Part<Api> = {
  variables: [store, queue, executor, files, provider, apiToken].flatMap((part) => part.variables),
  open: async (world) => {
    const services = await apiServices(world);
    return createApi(services, servedServices(services));
  },
};

async function apiServices(world: World): Promise<ApiServices> {
  const { get, clock, random, log, telemetry } = world;
  const parts = {
    store: await get(store),
    queue: await get(queue),
    executor: await get(executor),
    channels: await get(noChannels),
  };
  return {
    ...parts,
    ...measuredParts(parts, { telemetry, clock }),
    files: await get(files),
    provider: await get(provider),
    apiToken: await get(apiToken),
    publicUrl: await get(publicUrl),
    alarms: clock,
    ...{ clock, random, log, telemetry },
  };
}
