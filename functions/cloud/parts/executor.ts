import type { Executor } from "../../../shared/ports/executor.ts";
import { storeClaims } from "../../../shared/usecases/store-claims.ts";
import { files, jobFiles } from "./bucket.ts";
import { session } from "./datasphere.ts";
import { once, type Part, type World } from "./part.ts";
import { store } from "./store.ts";

const code = async () => await import("../../../shared/adapters/datasphere/datasphere-executor.ts");

/** DataSphere, which is loaded by the first execution that a call has to do with. */
export const executor: Part<Executor> = {
  load: async (): Promise<unknown> => await code(),
  variables: [...store.variables, ...files.variables, ...session.variables],
  open: (world) => {
    const use = once(async () => await openExecutor(world));
    return {
      check: async (...asked) => await (await use()).check(...asked),
      start: async (...asked) => await (await use()).start(...asked),
      poll: async (...asked) => await (await use()).poll(...asked),
      stop: async (...asked) => await (await use()).stop(...asked),
      readLog: async (...asked) => await (await use()).readLog(...asked),
      progress: async (...asked) => await (await use()).progress(...asked),
      locate: async (...asked) => await (await use()).locate(...asked),
      clear: async (...asked) => await (await use()).clear(...asked),
      // DataSphere tells nobody when something ends: polling finds it.
      onEnded: () => () => undefined,
    };
  },
};

async function openExecutor({ get, clock }: World): Promise<Executor> {
  const { createDatasphereExecutor } = await code();
  return createDatasphereExecutor({
    session: await get(session),
    claims: storeClaims({ store: await get(store), clock }),
    jobFiles: await get(jobFiles),
    files: await get(files),
    clock,
  });
}
