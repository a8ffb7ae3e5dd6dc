import { statSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { messageOf, OrreryError } from "../../shared/core/errors.ts";
import { limits } from "../../shared/core/limits.ts";
import type { Configuration } from "../../shared/core/project/configuration.ts";
import type { ConfigFiles, FileReading } from "../../shared/config/config-files.ts";
import type { Located } from "../../shared/config/located-problem.ts";
import { readConfiguration } from "../../shared/config/orrery-yaml.ts";

/** What each file that a reading touched looked like just before it was read. */
export type Trail = Map<string, string>;

/**
 * Reads a schedules file from disk with everything it refers to. A file that is not there is
 * `CONFIG_UNREADABLE`; what is wrong inside is a list of problems. `trail` learns what was read.
 */
export async function readConfigurationFile(
  file: string,
  trail: Trail = new Map(),
): Promise<Located<Configuration>> {
  const text = await readText(resolve(file), trail);
  return await readConfiguration({ file, text }, filesAround(file, trail));
}

/** What the files of a trail looked like when they were read, and what they look like now. */
export function fingerprints(trail: Trail): { readonly read: string; readonly now: string } {
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
