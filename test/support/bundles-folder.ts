import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Where this run's bundles are, once a test has asked for them. */
    readonly bundlesFolder: string;
  }
}

/** A folder that all workers of one run share; bundles are built into it by whoever needs them first. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "orrery-bundles-"));
  project.provide("bundlesFolder", folder);
  return async () => await rm(folder, { recursive: true, force: true });
}
