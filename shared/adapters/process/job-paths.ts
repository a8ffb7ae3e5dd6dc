import { basename, posix } from "node:path";
import type { JobFile } from "../../core/job/job-definition.ts";
import { refuse } from "./refuse.ts";

/**
 * Where a job's file is inside its working directory. Without a variable it keeps its path, which
 * must be relative and without `..`. With one it gets a place of its own, spelled so that `${VAR}`
 * needs no quotes, with the file's extension, because programs look at it.
 */
export function pathInWork(file: JobFile, kind: "input" | "output"): string {
  if (file.variable !== undefined) {
    const name = basename(file.path).replaceAll(/[^0-9A-Za-z._-]/g, "_");
    return `.${kind}s/${file.variable}/${/^\.*$/.test(name) ? "_" : name}`;
  }
  if (posix.isAbsolute(file.path)) {
    refuse(`The ${kind} "${file.path}" is absolute: give it a variable, or a relative path.`);
  }
  if (file.path.split("/").includes("..") || file.path === "" || file.path.includes("\0")) {
    refuse(`The ${kind} "${file.path}" must be a path inside the job's folder, without "..".`);
  }
  return posix.normalize(file.path).replace(/(.)\/$/, "$1");
}

/** Where an output is delivered: at its own path, or below its variable where that leads outside. */
export function pathInOutputs(file: JobFile): string {
  const inside = !posix.isAbsolute(file.path) && !file.path.split("/").includes("..");
  if (inside || file.variable === undefined) return posix.normalize(file.path);
  return posix.join(file.variable, basename(file.path));
}
