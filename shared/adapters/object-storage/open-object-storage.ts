import type { ConfigFiles } from "../../config/config-files.ts";
import type { Files } from "../../ports/files.ts";
import type { JobFiles } from "../../ports/job-files.ts";
import { openBucketClient, type BucketConnection } from "./bucket-client.ts";
import { createBucketConfigFiles } from "./bucket-config-files.ts";
import { createBucketFiles } from "./bucket-files.ts";
import { createBucketJobFiles } from "./bucket-job-files.ts";

export type { BucketConnection };

/** What a bucket holds for an installation. */
export interface ObjectStorage {
  readonly files: Files;
  readonly jobFiles: JobFiles;
  /** The surroundings of a schedules file below a prefix that ends in a slash. */
  configFiles(prefix: string, environment: (name: string) => string | undefined): ConfigFiles;
  /** Lets go of every connection; what is under way fails. */
  close(): void;
}

/** Opens a bucket. Nothing connects before something is asked of it. */
export function openObjectStorage(connection: BucketConnection): ObjectStorage {
  const client = openBucketClient(connection);
  return {
    files: createBucketFiles(client),
    jobFiles: createBucketJobFiles(client),
    configFiles: (prefix, environment) => createBucketConfigFiles(client, prefix, environment),
    close: () => client.close(),
  };
}
