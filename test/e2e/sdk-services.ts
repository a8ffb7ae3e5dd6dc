import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { ServiceClient } from "./sdk-client.ts";

const require = createRequire(import.meta.url);
const GENERATED = join(dirname(require.resolve("@yandex-cloud/nodejs-sdk")), "generated");

const PACKAGES = [
  "yandex/cloud/datasphere/v1",
  "yandex/cloud/datasphere/v2",
  "yandex/cloud/datasphere/v2/jobs",
  "yandex/cloud/operation",
];

/** The generated client of every service that the SDK has for DataSphere and operations. */
export function sdkServices(): readonly ServiceClient[] {
  return PACKAGES.flatMap((name) =>
    readdirSync(join(GENERATED, name))
      .filter((file) => file.endsWith("_service.js"))
      .flatMap((file) => {
        const exported = require(join(GENERATED, name, file)) as Record<string, unknown>;
        return Object.entries(exported)
          .filter(([key]) => key.endsWith("ServiceClient"))
          .map(([, client]) => client as ServiceClient);
      }),
  );
}
