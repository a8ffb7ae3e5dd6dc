import { posix } from "node:path";
import type { ProjectId } from "../../core/ids.ts";
import type { JobDefinition, JobFile } from "../../core/job/job-definition.ts";
import { listArchive, type ArchiveEntry } from "./archive.ts";
import type { ProcessEngine } from "./engine.ts";
import type { InputLayout } from "./input-layout.ts";
import { pathInWork } from "./job-paths.ts";
import { findUpload } from "./find-upload.ts";
import { refuse } from "./refuse.ts";

/** Where the uploaded Python modules of a job are, relative to its working directory. */
export const MODULES_FOLDER = ".modules";

/** An archive whose entries have their places. */
export interface PlannedArchive {
  readonly source: string;
  /** What a message calls it. */
  readonly name: string;
  /** For each entry in turn, where its file goes; undefined where nothing is made of it. */
  readonly targets: readonly (string | undefined)[];
}

/** An archive that is known and not yet planned. */
interface Archive {
  readonly source: string;
  readonly name: string;
  readonly entries: readonly ArchiveEntry[];
}

/**
 * Plans what the job's archives expand to, after every file that is listed by itself has its place:
 * such a file stands before the same path in an archive. Two archives may hold the same file.
 */
export class ArchivePlanner {
  readonly #engine: ProcessEngine;
  readonly #project: ProjectId;
  readonly #layout: InputLayout;
  readonly #placed = new Map<string, ArchiveEntry>();
  readonly #planned: PlannedArchive[] = [];

  constructor(engine: ProcessEngine, project: ProjectId, layout: InputLayout) {
    this.#engine = engine;
    this.#project = project;
    this.#layout = layout;
  }

  get planned(): readonly PlannedArchive[] {
    return this.#planned;
  }

  /**
   * A folder at the input's path. Clients pack a folder under its own name, as `data/a.csv` for the
   * input `some/data`, or pack what is in it, as `a.csv`. Both are understood, so an archive of
   * nothing but one folder of the input's name is taken for the first.
   */
  async addFolder(input: JobFile): Promise<void> {
    const archive = await this.#open(input, `input "${input.path}"`);
    const target = pathInWork(input, "input");
    const folder = posix.basename(posix.normalize(input.path));
    const { entries } = archive;
    const isNamed = entries.every(({ path }) => path === folder || path.startsWith(`${folder}/`));
    // One file under the input's own name is that file, and no folder is around it.
    const isFile = isNamed && entries.some(({ path, kind }) => path === folder && kind === "file");
    if (!isFile) this.#layout.addDirectory(target);
    this.#plan(archive, (path) =>
      posix.join(target, isNamed ? path.slice(folder.length + 1) : path),
    );
  }

  /** Each archive holds a package or a module file under the name that programs import. */
  async addModules(job: JobDefinition): Promise<void> {
    const modules = job.python?.localModules ?? [];
    if (modules.length > 0) this.#layout.addDirectory(MODULES_FOLDER);
    for (const module of modules) {
      const archive = await this.#open(module, `local module "${module.variable ?? module.path}"`);
      this.#plan(archive, (path) => posix.join(MODULES_FOLDER, path));
    }
  }

  async #open(file: JobFile, title: string): Promise<Archive> {
    const name = `The archive of the ${title}`;
    const { source } = await findUpload(this.#engine, this.#project, file);
    return { source, name, entries: await listArchive({ source, name }) };
  }

  #plan(archive: Archive, targetOf: (path: string) => string): void {
    const { source, name, entries } = archive;
    const targets = entries.map((entry) => {
      const target = targetOf(entry.path);
      if (entry.kind === "file") return this.#placeFile(name, entry, target) ? target : undefined;
      this.#layout.addDirectory(target);
      return undefined;
    });
    this.#planned.push({ source, name, targets });
  }

  #placeFile(archive: string, entry: ArchiveEntry, target: string): boolean {
    const before = this.#placed.get(target);
    if (before === undefined && this.#layout.has(target)) return false;
    if (before !== undefined) {
      if (before.crc32 === entry.crc32 && before.bytes === entry.bytes) return false;
      refuse(`${archive} holds a second and different file for "${target}": leave one out.`);
    }
    this.#layout.addFile(target, { source: `${archive}: ${entry.path}`, bytes: entry.bytes });
    this.#placed.set(target, entry);
    return true;
  }
}
