import {
  FileCompressionType,
  JobParameters,
  ExtendedWorkingStorage_StorageType as StorageType,
  type File,
  type FileDesc,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/jobs";
import type { GracefulShutdown, JobDefinition, JobFile } from "../../core/job/job-definition.ts";
import { commandVariables, substitute } from "../../core/job/substitute.ts";
import { refuse } from "./engine.ts";
import type { HashedFile } from "./hash-file.ts";

/** A job with all its files known, for one run. */
export interface JobToSend {
  readonly job: JobDefinition;
  readonly variables: Readonly<Record<string, string>>;
  readonly inputs: readonly HashedFile[];
  readonly modules: readonly HashedFile[];
  readonly requirements: readonly string[];
}

const GB = 1024 ** 3;

/** The parameters that the official client would make of the job's `config.yaml` for this run. */
export function jobParameters(asked: JobToSend): JobParameters {
  const { job, variables } = asked;
  const { gracefulShutdown, workingStorageBytes, sparkConnector } = job;
  return JobParameters.fromPartial({
    inputFiles: asked.inputs.map(fileOf),
    outputFiles: job.outputs.map(descOf),
    s3MountIds: job.s3Mounts.map(({ path }) => path),
    datasetIds: job.datasets.map(({ path }) => path),
    cmd: commandOf(job),
    env: {
      vars: { ...job.environment, ...shellVariables(variables) },
      ...dockerOf(job),
      ...pythonOf(asked),
    },
    attachProjectDisk: job.attachProjectDisk,
    cloudInstanceTypes: job.instanceTypes.map((name) => ({ name })),
    ...(workingStorageBytes === undefined
      ? {}
      : {
          extendedWorkingStorage: {
            type: StorageType.SSD,
            sizeGb: Math.ceil(workingStorageBytes / GB),
          },
        }),
    arguments: argumentsOf(asked),
    outputDatasets: job.outputDatasets.map(({ name, variable, bytes, description, labels }) => ({
      name,
      var: variable,
      sizeGb: Math.ceil(bytes / GB),
      description: description ?? "",
      labels: labels ?? {},
    })),
    ...(gracefulShutdown === undefined
      ? {}
      : { gracefulShutdownParameters: shutdownOf(gracefulShutdown) }),
    ...(sparkConnector === undefined ? {} : { sparkParameters: { connectorId: sparkConnector } }),
  });
}

/** A name that no environment takes can still stand in the command. */
function shellVariables(variables: Readonly<Record<string, string>>): Record<string, string> {
  const named = Object.entries(variables).filter(([name]) => /^[A-Za-z_][0-9A-Za-z_]*$/.test(name));
  return Object.fromEntries(named);
}

function fileOf(file: HashedFile): File {
  return {
    desc: descOf(file),
    sha256: file.content.sha256,
    sizeBytes: file.content.bytes,
    compressionType: file.isArchive ? FileCompressionType.ZIP : FileCompressionType.NONE,
  };
}

function descOf({ path, variable = "" }: Pick<JobFile, "path" | "variable">): FileDesc {
  return { path, var: variable };
}

/** Mounted buckets and datasets go by their ids, as the official client writes them. */
function commandOf(job: JobDefinition): string {
  return [...job.s3Mounts, ...job.datasets].reduce(
    (command, { path, variable }) =>
      variable === undefined ? command : command.replaceAll(`\${${variable}}`, `\${${path}}`),
    job.command,
  );
}

/**
 * Values that DataSphere writes into the command: those of the job, and above them those of the run
 * that mean nothing to a shell. Others are left to the shell, which finds them in the environment.
 */
function argumentsOf({ job, variables, inputs, modules }: JobToSend): JobParameters["arguments"] {
  const named = [...inputs, ...modules, ...job.outputs, ...job.s3Mounts, ...job.datasets];
  const files = named.flatMap(({ variable }) => variable ?? []);
  files.push(...job.outputDatasets.map(({ variable }) => variable));
  const taken = Object.keys(variables).find((name) => files.includes(name));
  if (taken !== undefined) {
    refuse(`The run's variable "${taken}" is also the variable of a file: rename one of them.`);
  }
  const known = commandVariables({
    files: {},
    run: variables,
    arguments: job.arguments,
    environment: job.environment,
  });
  const ids = [...job.s3Mounts, ...job.datasets].map(({ path }) => path);
  const platform = ["JOB_PROGRESS_FILENAME", ...(job.attachProjectDisk ? ["DS_PROJECT_HOME"] : [])];
  const filled = substitute(job.command, {
    written: new Map([...known.written, ...[...files, ...ids].map((name) => [name, ""] as const)]),
    left: new Set([...known.left, ...platform]),
  });
  if (!filled.ok) {
    const names = filled.unknown.map((name) => `\${${name}}`).join(", ");
    refuse(
      `The command names ${names} and nothing gives a value: define it under args, inputs, ` +
        "outputs or env.vars, or write $NAME for a variable of the shell.",
    );
  }
  return [...known.written].map(([name, value]) => ({ name, value }));
}

/** What an image's id looks like; anything else is a reference to a registry. */
const IMAGE_ID = /^[0-9a-z]{20}$/;

function dockerOf({ dockerImage, dockerLogin }: JobDefinition): object {
  if (dockerImage === undefined) return {};
  if (IMAGE_ID.test(dockerImage)) return { dockerImageResourceId: dockerImage };
  const login =
    dockerLogin === undefined
      ? {}
      : { username: dockerLogin.username, passwordDsSecretName: dockerLogin.passwordSecret };
  return { dockerImageSpec: { imageUrl: dockerImage, ...login } };
}

function pythonOf({ job, modules, requirements }: JobToSend): object {
  const { python } = job;
  if (python === undefined) return {};
  const { pip, version = "" } = python;
  return {
    pythonEnv: {
      pythonVersion: version.split(".").slice(0, 2).join("."),
      requirements: [...requirements],
      localModules: modules.map(fileOf),
      ...(pip === undefined
        ? {}
        : {
            pipOptions: {
              indexUrl: pip.indexUrl ?? "",
              extraIndexUrls: [...pip.extraIndexUrls],
              trustedHosts: [...pip.trustedHosts],
              noDeps: pip.noDeps,
            },
          }),
    },
  };
}

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGUSR1: 10, SIGUSR2: 12, SIGTERM: 15 } as const;

function shutdownOf({ signal, timeoutMs }: GracefulShutdown): {
  readonly signal: number;
  readonly timeout: { readonly seconds: number; readonly nanos: number };
} {
  const seconds = Math.floor(timeoutMs / 1_000);
  return {
    signal: SIGNALS[signal],
    timeout: { seconds, nanos: (timeoutMs - seconds * 1_000) * 1_000_000 },
  };
}
