import type {
  GracefulShutdown,
  JobDefinition,
  PythonEnvironment,
} from "../core/job/job-definition.ts";
import { describeValue } from "./describe-value.ts";
import { readEnvironment } from "./job-environment.ts";
import { jobRuleFindings } from "./job-rules.ts";
import { jobSchema, type JobTexts } from "./job-schema.ts";
import { inTextOrder, type Finding, type Located, type SourceFile } from "./located-problem.ts";
import { checkShape, type Sound } from "./sound-value.ts";
import { valueAt } from "./zod-problems.ts";
import { readYaml } from "./yaml-source.ts";

/** What DataSphere runs a job on where its file does not say. */
const DEFAULT_INSTANCE_TYPE = "c1.4";

/** Where a job is read: what its relative paths, copied variables and instance types refer to. */
export interface JobContext {
  /** The absolute folder of the job's file. */
  readonly folder: string;
  readonly environment: (name: string) => string | undefined;
  /** Whether somebody knows what a second on this instance type costs. */
  readonly hasRate: (instanceType: string) => boolean;
}

/** Reads a DataSphere Jobs `config.yaml`, exactly as its CLI accepts it; files it names may be absent. */
export function readJobConfig(source: SourceFile, context: JobContext): Located<JobDefinition> {
  const yaml = readYaml(source, "text");
  if (!yaml.ok) return yaml;
  const { findings, value } = checkJob(yaml.value.value, context);
  if (findings.length === 0 && value !== undefined) return { ok: true, value };
  return {
    ok: false,
    problems: inTextOrder(findings.map((finding) => yaml.value.locate(finding))),
  };
}

/** Checks the plain value of a `config.yaml`, all scalars texts; paths in findings start at it. */
export function checkJob(texts: unknown, context: JobContext): Sound<JobDefinition> {
  const shape = checkShape(jobSchema, texts);
  if (shape.value === undefined) return { findings: shape.findings };
  const job = shape.value;
  const environment = readEnvironment(job.env?.vars ?? [], context.environment);
  const findings = [
    ...shape.findings,
    ...jobRuleFindings(job),
    ...environment.findings,
    ...rateFindings(job, context),
  ];
  // A command that is there but wrong was cut out, and is among the findings already.
  const command = valueAt(texts, ["cmd"]);
  if (command === undefined)
    findings.push({ path: ["cmd"], found: "nothing", expected: "the command to run" });
  if (findings.length > 0 || job.cmd === undefined) return { findings };
  const parts = { command: job.cmd, environment: environment.value ?? {}, root: context.folder };
  return { findings, value: definitionOf(job, parts) };
}

function rateFindings(job: JobTexts, context: JobContext): readonly Finding[] {
  const single = job["cloud-instance-type"];
  const named = (job["cloud-instance-types"] ?? []).map((type, index) => ({
    type,
    path: ["cloud-instance-types", index],
  }));
  if (single !== undefined) named.push({ type: single, path: ["cloud-instance-type"] });
  return named
    .filter(({ type }) => !context.hasRate(type))
    .map(({ type, path }) => ({
      path,
      found: describeValue(type, path),
      expected: "an instance type with a known price, such as c1.4, or one that `rates` names",
    }));
}

function definitionOf(
  job: JobTexts,
  parts: Pick<JobDefinition, "command" | "environment" | "root">,
): JobDefinition {
  const { docker, python } = job.env ?? {};
  const [first = job["cloud-instance-type"] ?? DEFAULT_INSTANCE_TYPE, ...others] =
    job["cloud-instance-types"] ?? [];
  const disk = job["working-storage"];
  return {
    kind: "job",
    ...(job.name !== undefined && { name: job.name }),
    ...(job.desc !== undefined && { description: job.desc }),
    ...parts,
    arguments: job.args ?? {},
    inputs: job.inputs ?? [],
    outputs: job.outputs ?? [],
    ...(python !== undefined && { python: pythonOf(python) }),
    ...(docker !== undefined && dockerOf(docker)),
    s3Mounts: job["s3-mounts"] ?? [],
    datasets: job.datasets ?? [],
    outputDatasets: (job["output-datasets"] ?? []).map(({ var: variable, size, ...dataset }) => ({
      ...dataset,
      variable,
      bytes: size,
    })),
    attachProjectDisk: job.flags?.includes("attach-project-disk") ?? false,
    ...(job.spark !== undefined && { sparkConnector: job.spark.connector }),
    instanceTypes: [first, ...others],
    ...(disk !== undefined && { workingStorageBytes: disk.size }),
    ...(job["graceful-shutdown"] !== undefined && {
      gracefulShutdown: gracefulShutdownOf(job["graceful-shutdown"]),
    }),
  };
}

type Env = NonNullable<JobTexts["env"]>;

function dockerOf(
  docker: NonNullable<Env["docker"]>,
): Pick<JobDefinition, "dockerImage" | "dockerLogin"> {
  if (typeof docker === "string") return { dockerImage: docker };
  const { image, username, password } = docker;
  if (username === undefined || password === undefined) return { dockerImage: image };
  return {
    dockerImage: image,
    dockerLogin: { username, passwordSecret: password["secret-id"] },
  };
}

function gracefulShutdownOf(
  shutdown: NonNullable<JobTexts["graceful-shutdown"]>,
): GracefulShutdown {
  return { signal: shutdown.signal ?? "SIGTERM", timeoutMs: shutdown.timeout };
}

function pythonOf(python: NonNullable<Env["python"]>): PythonEnvironment {
  if (python === "auto") return { type: "auto", rootPaths: [], localPaths: [] };
  const { version, pip } = python;
  const requirementsFile = python["requirements-file"];
  const localPaths = python["local-paths"];
  // With all three given there is nothing left to scan the program for.
  const whole = ![version, requirementsFile, localPaths].includes(undefined);
  return {
    type: python.type ?? (whole ? "manual" : "auto"),
    ...(version !== undefined && { version }),
    ...(requirementsFile !== undefined && { requirementsFile }),
    rootPaths: python["root-paths"] ?? python["root-path"] ?? [],
    localPaths: localPaths ?? [],
    ...(pip !== undefined && {
      pip: {
        ...(pip["index-url"] !== undefined && { indexUrl: pip["index-url"] }),
        extraIndexUrls: pip["extra-index-urls"] ?? [],
        trustedHosts: pip["trusted-hosts"] ?? [],
        noDeps: pip["no-deps"] ?? false,
      },
    }),
  };
}
