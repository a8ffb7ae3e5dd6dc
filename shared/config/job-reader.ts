import type { JobDefinition } from "../core/job/job-definition.ts";
import type { ConfigFiles, FileReading } from "./config-files.ts";
import { quoted } from "./describe-value.ts";
import { checkJob, readJobConfig } from "./job-config.ts";
import { formatPath, type Finding, type LocatedProblem } from "./located-problem.ts";
import type { YamlSource } from "./yaml-source.ts";

type Path = readonly (string | number)[];

/** A job a schedule names or spells out, or what is wrong with it, here or in its own file. */
export interface JobReading {
  readonly job?: JobDefinition;
  readonly findings: readonly Finding[];
  readonly elsewhere: readonly LocatedProblem[];
}

/**
 * Reads the jobs of one schedules file. A file that many schedules name is read once, and its
 * problems are told once, with the first schedule that names it.
 */
export class JobReader {
  readonly #source: YamlSource;
  readonly #files: ConfigFiles;
  readonly #hasRate: (instanceType: string) => boolean;
  readonly #read = new Map<string, { reading: FileReading; job?: JobDefinition }>();

  constructor(source: YamlSource, files: ConfigFiles, hasRate: (instanceType: string) => boolean) {
    this.#source = source;
    this.#files = files;
    this.#hasRate = hasRate;
  }

  /** Reads what stands at the path of a `job`: a file's path, or the job itself. */
  async read(written: string | object, path: Path): Promise<JobReading> {
    if (typeof written !== "string") return this.#readInline(path);
    const known = this.#read.get(written);
    if (known !== undefined) return this.#answer(known, written, path);

    const reading = await this.#files.read(written);
    const located =
      reading.state === "text"
        ? readJobConfig({ file: reading.file, text: reading.text }, this.#context(reading.folder))
        : undefined;
    const read = { reading, ...(located?.ok === true && { job: located.value }) };
    this.#read.set(written, read);
    const referredBy = `${this.#source.file} ${formatPath(path)}`;
    const problems = located?.ok === false ? located.problems : [];
    return {
      ...this.#answer(read, written, path),
      elsewhere: problems.map((problem) => ({ ...problem, referredBy })),
    };
  }

  #readInline(path: Path): JobReading {
    const context = this.#context(this.#files.folder);
    const { findings, value } = checkJob(this.#source.texts(path), context);
    return {
      ...(value !== undefined && { job: value }),
      findings: findings.map((finding) => ({ ...finding, path: [...path, ...finding.path] })),
      elsewhere: [],
    };
  }

  #answer(
    { reading, job }: { reading: FileReading; job?: JobDefinition },
    written: string,
    path: Path,
  ): JobReading {
    const expected = "a DataSphere job's config.yaml, named relative to this file";
    switch (reading.state) {
      case "text":
        return { ...(job !== undefined && { job }), findings: [], elsewhere: [] };
      case "missing": {
        const found = `no file at ${quoted(written)}`;
        return { findings: [{ path, found, expected }], elsewhere: [] };
      }
      case "unreadable": {
        const found = `a file that cannot be read (${reading.reason})`;
        return { findings: [{ path, found, expected }], elsewhere: [] };
      }
    }
  }

  #context(folder: string): Parameters<typeof checkJob>[1] {
    return {
      folder,
      environment: (name) => this.#files.environment(name),
      hasRate: this.#hasRate,
    };
  }
}
