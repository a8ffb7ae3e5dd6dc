import { join } from "node:path";
import { bringContent, filesOnBucket } from "../../shared/adapters/local-files/files-on-bucket.ts";
import { FolderCopy } from "../../shared/adapters/local-files/folder-copy.ts";
import { parseBucketAddress } from "../../shared/adapters/object-storage/bucket-address.ts";
import { bucketCredentials } from "../../shared/adapters/object-storage/bucket-credentials.ts";
import type { ObjectStorage } from "../../shared/adapters/object-storage/open-object-storage.ts";
import { withBroughtInputs } from "../../shared/adapters/process/brought-inputs.ts";
import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import { CONFIG_PREFIX } from "../../shared/config/configuration-source.ts";
import { digest } from "../../shared/core/ids.ts";
import { CLOUD_REGION, localClock, type DataDirectory } from "./wiring.ts";

/** The part of the laptop's composition root that stands on a bucket. */

/** A bucket that has a platform's files, and may have its configuration. */
export interface PlatformBucket extends ObjectStorage {
  /** As it was given. */
  readonly address: string;
  readonly name: string;
}

/**
 * Opens a bucket, with a static key from the environment. Nothing connects yet. Throws
 * BUCKET_ADDRESS_INVALID and BUCKET_CREDENTIALS_MISSING.
 */
export async function openBucket(address: string): Promise<PlatformBucket> {
  const { endpoint, bucket } = parseBucketAddress(address);
  const credentials = bucketCredentials(process.env);
  // Loaded only here: the SDK takes a tenth of a second, which nobody else is to wait for.
  const { openObjectStorage } =
    await import("../../shared/adapters/object-storage/open-object-storage.ts");
  const connection = { endpoint, bucket, credentials, region: CLOUD_REGION, clock: localClock };
  return { ...openObjectStorage(connection), address, name: bucket };
}

/**
 * A data directory whose files are in a bucket. Jobs still are processes of this machine: their inputs
 * are brought to it, and what they leave is downloaded from it.
 */
export function onBucket(data: DataDirectory, bucket: PlatformBucket): DataDirectory {
  const { directory, files: local } = data;
  const copy = new FolderCopy({
    directory: join(directory, "bucket", digest([bucket.address], 20)),
    root: bucket.configFiles(CONFIG_PREFIX, () => undefined).folder,
    jobFiles: bucket.jobFiles,
    clock: systemClock,
  });
  const executor = withBroughtInputs(data.executor, {
    content: async (project, file) => await bringContent(local, bucket.files, { ...file, project }),
    folder: async (root) => await copy.folderOf(root),
  });
  return { ...data, files: filesOnBucket(local, bucket.files), executor };
}
