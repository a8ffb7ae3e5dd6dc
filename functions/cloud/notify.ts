import * as notify from "../notify/index.ts";
import { inCloud } from "./cloud-function.ts";
import { channels } from "./parts/channels.ts";
import { queue } from "./parts/queue.ts";
import { store } from "./parts/store.ts";

export const { handler, open, load, requires } = inCloud(notify, { store, queue, channels });
