import {
  CONFIG_FILE,
  CONFIG_PREFIX,
  type ConfigurationSource,
} from "../../shared/config/configuration-source.ts";
import type { ConfigFiles } from "../../shared/config/config-files.ts";
import type { JobFiles } from "../../shared/ports/job-files.ts";
import type { ObjectChange } from "./triggers.ts";

/** What is asked of a bucket that a platform is configured from. */
export interface ConfigurationBucket {
  readonly jobFiles: JobFiles;
  configFiles(prefix: string, environment: (name: string) => string | undefined): ConfigFiles;
}

/**
 * The configuration in a bucket, looked at again and again: no trigger of a bucket reaches a laptop.
 * What it finds changed is told as a trigger would.
 */
export class WatchedBucket implements ConfigurationSource {
  readonly prefix = CONFIG_PREFIX;
  readonly file = CONFIG_FILE;
  readonly #bucket: ConfigurationBucket;
  #seen: ReadonlyMap<string, string> | undefined;

  constructor(bucket: ConfigurationBucket) {
    this.#bucket = bucket;
  }

  open(): ConfigFiles {
    return this.#bucket.configFiles(this.prefix, (name) => process.env[name]);
  }

  /** Every key that was written or removed since the last look that `seen` was called for. */
  async changes(): Promise<{
    readonly changes: readonly ObjectChange[];
    readonly seen: () => void;
  }> {
    const root = this.open().folder;
    const listed = await this.#bucket.jobFiles.list(root, "");
    const now = new Map(listed.map(({ path, version }) => [`${this.prefix}${path}`, version]));
    const before = this.#seen ?? new Map<string, string>();
    const written = [...now.keys()].filter((key) => now.get(key) !== before.get(key));
    const removed = [...before.keys()].filter((key) => !now.has(key));
    return {
      changes: [
        ...written.map((key) => ({ kind: "create", key }) as const),
        ...removed.map((key) => ({ kind: "delete", key }) as const),
      ],
      seen: () => void (this.#seen = now),
    };
  }
}
