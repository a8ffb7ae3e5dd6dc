import { createReadStream } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { uploadFolder, type Uploaded } from "../../shared/adapters/object-storage/upload-folder.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import { OrreryError } from "../../shared/core/errors.ts";
import { staticKey } from "./credentials.ts";
import { folderFiles } from "./folder-files.ts";

/** Where schedules are applied from, and the name that they have there. */
const PREFIX = "config/";
const NAME = "orrery.yaml";

export interface ScheduleUpload {
  /** The schedules file; its folder goes with it. */
  readonly file: string;
  readonly bucket: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/**
 * Puts a schedules file, as `orrery.yaml`, and the folder around it into the bucket: the file last,
 * so that whoever applies it finds everything that it names. Throws DEPLOY_FAILED.
 */
export async function uploadSchedules(upload: ScheduleUpload): Promise<Uploaded> {
  const { file, bucket, environment, clock } = upload;
  const folder = dirname(resolve(file));
  const name = basename(file);
  const found = await folderFiles(folder);
  if (name !== NAME && found.some(({ path }) => path === NAME)) {
    throw new OrreryError(
      "DEPLOY_FAILED",
      `${folder} has ${NAME} beside ${name}, and the bucket has room for one of them: move the other away`,
    );
  }
  const files = found.map(({ path, bytes }) => ({
    path: path === name ? NAME : path,
    bytes,
    read: () => createReadStream(join(folder, path)),
  }));
  const connection = {
    endpoint: environment["ORRERY_S3_ENDPOINT"] ?? "https://storage.yandexcloud.net",
    region: "ru-central1",
    credentials: staticKey(environment),
    ...{ bucket, clock },
  };
  return await uploadFolder(connection, PREFIX, files, NAME);
}
