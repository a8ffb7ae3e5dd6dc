import * as tick from "../tick/index.ts";
import { inCloud } from "./cloud-function.ts";
import { queue } from "./parts/queue.ts";
import { store } from "./parts/store.ts";

export const { handler, open, load, requires } = inCloud(tick, { store, queue });
