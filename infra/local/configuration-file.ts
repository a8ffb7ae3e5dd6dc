import { statSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { messageOf, OrreryError } from "../../shared/core/errors.ts";
import { limits } from "../../shared/core/limits.ts";
import type { Configuration } from "../../shared/core/project/configuration.ts";
import type { ConfigFiles, FileReading } from "../../shared/config/config-files.ts";
import type { Located } from "../../shared/config/located-problem.ts";
import {
  CONFIG_PREFIX,
  type ConfigurationSource,
} from "../../shared/config/configuration-source.ts";
import { readConfiguration } from "../../shared/config/orrery-yaml.ts";
import type { ObjectChange } from "./triggers.ts";

/** What each file that a reading touched looked like just before it was read. */
type Trail = Map<string, string>;

/**
 * Reads a schedules file from disk with everything it refers to. A file that is not there is
 * `CONFIG_UNREADABLE`; what is wrong inside is a list of problems.
 */
export async function readConfigurationFile(file: string): Promise<Located<Configuration>> {
  const trail: Trail = new Map();
  const text = await readText(resolve(file), trail);
  return await readConfiguration({ file, text }, filesAround(file, trail));
}

/** What the files of a trail looked like when they were read, and what they look like now. */
function fingerprints(trail: Trail): { readonly read: string; readonly now: string } {
  return {
    read: [...trail.values()].join(),
    now: [...trail.keys()].map(fingerprint).join(),
  };
}

function fingerprint(file: string): string {
  try {
    const { mtimeMs, size } = statSync(file);
    return `${mtimeMs}:${size}`;
  } catch {
    return "absent";
  }
}

async function readText(file: string, trail: Trail): Promise<string> {
  // Before it is opened, so that a change made while it is read counts as one.
  trail.set(file, fingerprint(file));
  try {
    const { size } = await stat(file);
    if (size <= limits.configBytes) return await readFile(file, "utf8");
    throw new Error(`it has ${size} bytes, and at most ${limits.configBytes} are read`);
  } catch (error) {
    throw new OrreryError("CONFIG_UNREADABLE", `Cannot read ${file}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * The folder of a schedules file as the bucket that a platform is configured from. It remembers what
 * the last reading touched, to see what has changed since.
 */
export class WatchedFolder implements ConfigurationSource {
  readonly prefix = CONFIG_PREFIX;
  readonly file: string;
  readonly #path: string;
  #trail: Trail = new Map();

  constructor(path: string) {
    this.#path = path;
    this.file = basename(path);
  }

  open(): ConfigFiles {
    this.#trail = new Map();
    const files = filesAround(this.#path, this.#trail);
    return {
      ...files,
      read: async (path) => {
        const reading = await files.read(path);
        if (path !== this.file) return reading;
        // Problems are told by the name that somebody gave on a command line.
        if (reading.state === "text") return { ...reading, file: this.#path };
        if (reading.state === "unreadable") return reading;
        return { state: "unreadable", reason: `Cannot read ${this.#path}: it is not there` };
      },
    };
  }

  /** What the files looked like when they were last read, and what they look like now. */
  fingerprints(): { readonly read: string; readonly now: string } {
    return fingerprints(this.#trail);
  }

  /** The change that a bucket would tell of. A file anywhere stands for the schedules file. */
  change(): ObjectChange {
    return { kind: "create", key: `${this.prefix}${this.file}` };
  }
}

/** The folder a schedules file is in. Its author runs commands on this machine, so paths go anywhere. */
function filesAround(file: string, trail: Trail): ConfigFiles {
  const folder = dirname(resolve(file));
  return {
    folder,
    environment: (name) => process.env[name],
    read: async (path): Promise<FileReading> => {
      const found = resolve(folder, path);
      try {
        const text = await readText(found, trail);
        return { state: "text", file: found, text, folder: dirname(found) };
      } catch (error) {
        const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException) : undefined;
        if (cause?.code === "ENOENT") return { state: "missing" };
        return { state: "unreadable", reason: messageOf(error) };
      }
    },
  };
}
