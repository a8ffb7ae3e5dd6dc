import type { JobFile } from "../core/job/job-definition.ts";
import { describeValue, quoted } from "./describe-value.ts";
import type { JobTexts } from "./job-schema.ts";
import { formatPath, type Finding } from "./located-problem.ts";

type Path = readonly (string | number)[];
/** A name somewhere in the job, and where. */
type Named = readonly [name: string, path: Path];

const PROJECT_DISK = "attach-project-disk";
const FILE_LISTS = ["inputs", "outputs"] as const;
const RESOURCE_LISTS = ["s3-mounts", "datasets"] as const;

/** What the DataSphere Jobs CLI demands across the keys of a job, beyond the shape of each. */
export function jobRuleFindings(job: JobTexts): readonly Finding[] {
  return [
    ...repeats(variablesOf(job), "variable"),
    ...FILE_LISTS.flatMap((list) => fileFindings(job[list] ?? [], list)),
    ...RESOURCE_LISTS.flatMap((list) => repeats(pathsOf(job[list] ?? [], list), "id")),
    ...repeats(
      (job["output-datasets"] ?? []).map(({ name }, index) => [
        name,
        ["output-datasets", index, "name"],
      ]),
      "dataset name",
    ),
    ...exclusions(job),
  ];
}

function variablesOf(job: JobTexts): readonly Named[] {
  return [
    ...Object.keys(job.args ?? {}).map((name): Named => [name, ["args", name]]),
    ...[...FILE_LISTS, ...RESOURCE_LISTS].flatMap((list) =>
      (job[list] ?? []).flatMap(({ variable }, index): Named[] =>
        variable === undefined ? [] : [[variable, [list, index]]],
      ),
    ),
    ...(job["output-datasets"] ?? []).map((dataset, index): Named => [
      dataset.var,
      ["output-datasets", index, "var"],
    ]),
  ];
}

function pathsOf(files: readonly JobFile[], list: string): readonly Named[] {
  return files.map(({ path }, index) => [path, [list, index]]);
}

function fileFindings(files: readonly JobFile[], list: string): readonly Finding[] {
  const escaping = files.flatMap(({ path, variable }, index): Finding[] => {
    const leaves = path.startsWith("/") || path.split("/").includes("..");
    if (variable !== undefined || !leaves) return [];
    const expected = "a relative path without .., or path: VAR";
    const at = [list, index];
    return [{ path: at, found: describeValue(path, at), expected }];
  });
  return [...escaping, ...repeats(pathsOf(files, list), "path")];
}

function repeats(names: readonly Named[], kind: string): readonly Finding[] {
  const first = new Map<string, Path>();
  return names.flatMap(([name, path]) => {
    const earlier = first.get(name);
    if (earlier === undefined) {
      first.set(name, path);
      return [];
    }
    const found = `the ${kind} ${quoted(name)} again, after ${formatPath(earlier)}`;
    return [{ path, found, expected: `every ${kind} once` }];
  });
}

function exclusions(job: JobTexts): readonly Finding[] {
  const findings: Finding[] = [];
  const together = (path: Path, other: string): void => {
    const expected = "one of the two keys";
    findings.push({ path, found: `a key beside "${other}"`, expected, at: "key" });
  };
  if (job["cloud-instance-type"] !== undefined && job["cloud-instance-types"] !== undefined)
    together(["cloud-instance-type"], "cloud-instance-types");
  const python = job.env?.python;
  if (python !== undefined && python !== "auto") {
    const roots = python["root-path"] === undefined ? "root-paths" : "root-path";
    if (python[roots] !== undefined && python["local-paths"] !== undefined)
      together(["env", "python", roots], "local-paths");
    if (roots === "root-path" && python["root-paths"] !== undefined)
      together(["env", "python", roots], "root-paths");
  }
  if (
    job.cmd?.includes("${DS_PROJECT_HOME}") === true &&
    job.flags?.includes(PROJECT_DISK) !== true
  ) {
    findings.push({
      path: ["cmd"],
      found: "DS_PROJECT_HOME without the project's disk",
      expected: `the flag ${PROJECT_DISK} with it`,
    });
  }
  return findings;
}
