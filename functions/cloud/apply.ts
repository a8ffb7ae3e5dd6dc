import * as apply from "../apply/index.ts";
import { inCloud } from "./cloud-function.ts";
import { configuration } from "./parts/bucket.ts";
import { provider } from "./parts/datasphere.ts";
import { queue } from "./parts/queue.ts";
import { store } from "./parts/store.ts";

export const { handler, open, load, requires } = inCloud(apply, {
  ...{ store, queue, configuration, provider },
});
