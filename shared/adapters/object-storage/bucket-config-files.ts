import { posix } from "node:path";
import type { ConfigFiles, FileReading } from "../../config/config-files.ts";
import { OrreryError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { BucketClient } from "./bucket-client.ts";
import { objectPath } from "./bucket-keys.ts";
import { ObjectAbsent, readObject } from "./read-object.ts";

/**
 * The surroundings of a schedules file below `prefix` of a bucket, such as `config/`. Paths do not
 * lead out of it: a bucket is no machine of the file's author.
 */
export function createBucketConfigFiles(
  client: BucketClient,
  prefix: string,
  environment: (name: string) => string | undefined,
): ConfigFiles {
  const root = `s3://${client.bucket}/${prefix.replace(/\/+$/, "")}`;
  return {
    folder: root,
    environment,
    read: async (path): Promise<FileReading> => {
      const inside = objectPath(prefix, path);
      if (inside === undefined) return { state: "unreadable", reason: `it is not below ${root}` };
      const folder = posix.dirname(inside);
      const place = {
        file: `${root}/${inside}`,
        folder: folder === "." ? root : `${root}/${folder}`,
      };
      try {
        const text = await readText(client, `${prefix}${inside}`, place.file);
        return { state: "text", text, ...place };
      } catch (error) {
        if (error instanceof ObjectAbsent) return { state: "missing" };
        // A bucket that does not answer says nothing about the configuration.
        if (!(error instanceof OrreryError) || error.retry !== "never") throw error;
        return { state: "unreadable", reason: error.message };
      }
    },
  };
}

async function readText(client: BucketClient, key: string, file: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  const begun = ({ bytes }: { readonly bytes: number }): void => {
    if (bytes <= limits.configBytes) return;
    throw new OrreryError(
      "CONFIG_UNREADABLE",
      `Cannot read ${file}: it has ${bytes} bytes, and at most ${limits.configBytes} are read`,
    );
  };
  for await (const chunk of readObject(client, { key, what: `give ${file}`, begun })) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
