import type { ObjectStorage } from "../../../shared/adapters/object-storage/open-object-storage.ts";
import {
  CONFIG_FILE,
  CONFIG_PREFIX,
  type ConfigurationSource,
} from "../../../shared/config/configuration-source.ts";
import type { Files } from "../../../shared/ports/files.ts";
import type { JobFiles } from "../../../shared/ports/job-files.ts";
import { optionalValue, valueOf, type Variable } from "../environment.ts";
import { once, type Part } from "./part.ts";
import { KEY_ID, REGION, SECRET_KEY, staticKey } from "./static-key.ts";

const SERVICE = "https://storage.yandexcloud.net";

const BUCKET: Variable = {
  name: "ORRERY_BUCKET",
  about: "the name of the installation's bucket, which Terraform sets",
};

const variables = [BUCKET, KEY_ID, SECRET_KEY];

const code = async () =>
  await import("../../../shared/adapters/object-storage/open-object-storage.ts");

/** The bucket, opened by its first use: few calls have to do with files. */
const bucket: Part<() => Promise<ObjectStorage>> = {
  variables,
  open: ({ environment, clock }) =>
    once(async () => {
      const { openObjectStorage } = await code();
      return openObjectStorage({
        endpoint: optionalValue("ORRERY_S3_ENDPOINT", environment, SERVICE),
        region: REGION,
        credentials: staticKey(environment),
        bucket: valueOf(BUCKET, environment),
        clock,
      });
    }),
};

/** The files of projects, in the bucket. */
export const files: Part<Files> = {
  load: async (): Promise<unknown> => await code(),
  variables,
  open: async ({ get }) => {
    const opened = await get(bucket);
    const use = async (): Promise<Files> => (await opened()).files;
    return {
      present: async (...asked) => await (await use()).present(...asked),
      remove: async (...asked) => await (await use()).remove(...asked),
      readContent: async function* (...asked) {
        yield* (await use()).readContent(...asked);
      },
      uploadUrl: async (...asked) => await (await use()).uploadUrl(...asked),
      downloadUrl: async (...asked) => await (await use()).downloadUrl(...asked),
      makeStorage: async (...asked) => await (await use()).makeStorage(...asked),
      removeProject: async (...asked) => await (await use()).removeProject(...asked),
      usedBytes: async (...asked) => await (await use()).usedBytes(...asked),
      stat: async (...asked) => await (await use()).stat(...asked),
      read: async function* (...asked) {
        yield* (await use()).read(...asked);
      },
      write: async (...asked) => await (await use()).write(...asked),
    };
  },
};

/** The files that jobs name, beside the schedules file in the bucket. */
export const jobFiles: Part<JobFiles> = {
  variables,
  open: async ({ get }) => {
    const opened = await get(bucket);
    const use = async (): Promise<JobFiles> => (await opened()).jobFiles;
    return {
      list: async (...asked) => await (await use()).list(...asked),
      read: async function* (...asked) {
        yield* (await use()).read(...asked);
      },
    };
  },
};

/** The schedules file in the bucket, and what it names; who asks for this reads it. */
export const configuration: Part<ConfigurationSource> = {
  variables,
  open: async ({ get, environment }) => {
    const storage = await (await get(bucket))();
    const variable = (name: string): string | undefined => environment[name];
    return {
      prefix: CONFIG_PREFIX,
      file: CONFIG_FILE,
      open: () => storage.configFiles(CONFIG_PREFIX, variable),
    };
  },
};
