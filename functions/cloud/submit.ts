import * as submit from "../submit/index.ts";
import { inCloud } from "./cloud-function.ts";
import { files } from "./parts/bucket.ts";
import { noChannels } from "./parts/channels.ts";
import { provider } from "./parts/datasphere.ts";
import { executor } from "./parts/executor.ts";
import { queue } from "./parts/queue.ts";
import { store } from "./parts/store.ts";

export const { handler, open, load, requires } = inCloud(submit, {
  ...{ store, queue, executor, files, provider },
  channels: noChannels,
});
