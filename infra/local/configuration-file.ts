import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { messageOf, OrreryError } from "../../shared/core/errors.ts";
import { limits } from "../../shared/core/limits.ts";
import type { Configuration } from "../../shared/core/project/configuration.ts";
import type { ConfigFiles, FileReading } from "../../shared/config/config-files.ts";
import type { Located } from "../../shared/config/located-problem.ts";
import { readConfiguration } from "../../shared/config/orrery-yaml.ts";

/**
 * Reads a schedules file from disk with everything it refers to. A file that is not there is
 * `CONFIG_UNREADABLE`; what is wrong inside is a list of problems.
 */
export async function readConfigurationFile(file: string): Promise<Located<Configuration>> {
  const text = await readText(file);
  return await readConfiguration({ file, text }, filesAround(file));
}

async function readText(file: string): Promise<string> {
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
function filesAround(file: string): ConfigFiles {
  const folder = dirname(resolve(file));
  return {
    folder,
    environment: (name) => process.env[name],
    read: async (path): Promise<FileReading> => {
      const found = resolve(folder, path);
      try {
        const text = await readText(found);
        return { state: "text", file: found, text, folder: dirname(found) };
      } catch (error) {
        const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException) : undefined;
        if (cause?.code === "ENOENT") return { state: "missing" };
        return { state: "unreadable", reason: messageOf(error) };
      }
    },
  };
}
