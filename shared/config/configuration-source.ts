import type { ConfigFiles } from "./config-files.ts";

/**
 * Where the configuration of an installation is kept: a schedules file in a bucket or a folder, and
 * all that it names beside it. It changes while nobody looks.
 */
export interface ConfigurationSource {
  /** What the keys of all its files begin with, such as `config/`. */
  readonly prefix: string;
  /** The schedules file, relative to that. */
  readonly file: string;
  /** Its surroundings, for one reading. */
  open(): ConfigFiles;
}

/** Where the schedules file is unless somebody says otherwise: `config/orrery.yaml`. */
export const CONFIG_PREFIX = "config/";
export const CONFIG_FILE = "orrery.yaml";
