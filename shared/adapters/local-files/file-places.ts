import { join, resolve } from "node:path";
import { assert } from "../../core/assert.ts";
import type { ProjectId } from "../../core/ids.ts";
import { projectFolder } from "../process/project-folder.ts";

/** Where the files of projects are in a data directory. All paths are absolute. */
export interface FilePlaces {
  /** What is being received; it has its place in a project once it is whole. */
  readonly incoming: string;
  readonly key: string;
  project(project: ProjectId): string;
  /** An uploaded content; there may be nothing. */
  uploaded(project: ProjectId, sha256: string): string;
  storage(project: ProjectId): string;
}

export function filePlaces(directory: string): FilePlaces {
  const root = resolve(directory);
  const project = (id: ProjectId): string => join(root, "projects", projectFolder(id));
  return {
    incoming: join(root, "incoming"),
    key: join(root, "url.key"),
    project,
    uploaded: (id, sha256) => {
      assert(isSha256(sha256), "a content is named by its SHA-256");
      return join(project(id), "files", sha256);
    },
    storage: (id) => join(project(id), "storage"),
  };
}

/** Whether a text is a SHA-256 as contents are named: lower-case hex. */
export function isSha256(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}
