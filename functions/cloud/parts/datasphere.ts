import { readFileSync } from "node:fs";
import {
  openDataSphere,
  type DataSphereSession,
} from "../../../shared/adapters/datasphere/session.ts";
import type { Provider } from "../../../shared/ports/provider.ts";
import { once, type Part } from "./part.ts";

/** Calls of DataSphere, on behalf of the function's service account. */
export const session: Part<DataSphereSession> = {
  variables: [],
  open: ({ environment, tokens, clock }) => {
    const endpoint = environment["ORRERY_DATASPHERE_ENDPOINT"] ?? "";
    const ca = environment["ORRERY_DATASPHERE_CA"] ?? "";
    return openDataSphere({
      ...(endpoint === "" ? {} : { endpoint }),
      ...(ca === "" ? {} : { ca: readFileSync(ca) }),
      ...{ tokens, clock },
    });
  },
};

const code = async () =>
  await import("../../../shared/adapters/datasphere-projects/open-provider.ts");

/** Who owns the projects: DataSphere. Its messages are loaded by the first question. */
export const provider: Part<Provider> = {
  load: async (): Promise<unknown> => await code(),
  variables: session.variables,
  open: ({ get, clock }) => {
    const use = once(async () => {
      const { openProvider } = await code();
      return openProvider({ session: await get(session), clock });
    });
    return {
      project: async (id) => await (await use()).project(id),
      hasCommunity: async (id) => await (await use()).hasCommunity(id),
      call: async (call) => await (await use()).call(call),
    };
  },
};
