import { clone, fromJson, toJson, type JsonValue } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { assert } from "../../core/assert.ts";
import type { WrongField } from "../../core/errors.ts";
import type { Job } from "../../core/job/job.ts";
import type { JobDefinition, JobFile, PythonEnvironment } from "../../core/job/job-definition.ts";
import {
  JobParametersSchema,
  type Environment,
  type JobParameters,
  type PythonEnv,
} from "../../gen/yandex/cloud/datasphere/v2/jobs/jobs_pb.ts";
import { namedFile, uploadedFile } from "./job-file.ts";
import { parameterProblems, SIGNALS, type ParameterChecks } from "./job-parameter-rules.ts";

/** What is kept of checked parameters. */
type CheckedParameters = Pick<Job, "parameters" | "definition" | "files">;

const GB = 1024 ** 3;

/** Parameters as work, or everything that is wrong with them. */
export type ParametersRead =
  | { readonly ok: true; readonly value: CheckedParameters }
  | { readonly ok: false; readonly wrong: readonly WrongField[] };

/** Checks parameters and turns them into a job's definition. A password in them is not kept. */
export function readParameters(given: JobParameters, checks: ParameterChecks): ParametersRead {
  const parameters = withoutPassword(given);
  const wrong = parameterProblems(parameters, checks);
  if (wrong.length > 0) return { ok: false, wrong };
  const definition = definitionOf(parameters);
  const uploaded = [...definition.inputs, ...(definition.python?.localModules ?? [])];
  const bySha = new Map(
    uploaded.flatMap(({ stored }) => (stored ? [[stored.sha256, stored]] : [])),
  );
  return {
    ok: true,
    value: { parameters: toParametersJson(parameters), definition, files: [...bySha.values()] },
  };
}

/** The parameters a job was created with, but for its passwords. */
export function parametersOf(job: Job): JobParameters {
  return fromJson(JobParametersSchema, job.parameters as JsonValue, { ignoreUnknownFields: true });
}

function toParametersJson(parameters: JobParameters): Job["parameters"] {
  // A message that is no well-known type is an object in JSON.
  return toJson(JobParametersSchema, parameters) as unknown as Job["parameters"];
}

function withoutPassword(given: JobParameters): JobParameters {
  const parameters = clone(JobParametersSchema, given);
  const image = parameters.env?.dockerImage;
  if (image?.case !== "dockerImageSpec") return parameters;
  if (image.value.password.case === "passwordPlainText") image.value.password = { case: undefined };
  return parameters;
}

/** The work that checked parameters describe. */
function definitionOf(parameters: JobParameters): JobDefinition {
  const { env, gracefulShutdownParameters: shutdown, extendedWorkingStorage: disk } = parameters;
  const [first, ...others] = parameters.cloudInstanceTypes.map(({ name }) => name);
  assert(first !== undefined, "checked parameters name an instance type");
  const unnamed = (ids: readonly string[]): readonly JobFile[] => ids.map((path) => ({ path }));
  const spark = parameters.sparkParameters?.connectorId ?? "";
  return {
    kind: "job",
    command: parameters.cmd,
    arguments: Object.fromEntries(parameters.arguments.map(({ name, value }) => [name, value])),
    inputs: parameters.inputFiles.map(uploadedFile),
    outputs: parameters.outputFiles.map(namedFile),
    environment: { ...env?.vars },
    ...dockerOf(env),
    ...(env?.pythonEnv === undefined ? {} : { python: pythonOf(env.pythonEnv) }),
    s3Mounts: unnamed(parameters.s3MountIds),
    datasets: unnamed(parameters.datasetIds),
    outputDatasets: parameters.outputDatasets.map((dataset) => ({
      name: dataset.name,
      variable: dataset.var,
      bytes: Number(dataset.sizeGb) * GB,
      description: dataset.description,
      labels: { ...dataset.labels },
    })),
    attachProjectDisk: parameters.attachProjectDisk,
    ...(spark === "" ? {} : { sparkConnector: spark }),
    instanceTypes: [first, ...others],
    ...(disk === undefined ? {} : { workingStorageBytes: Number(disk.sizeGb) * GB }),
    ...(shutdown === undefined
      ? {}
      : {
          gracefulShutdown: {
            signal: SIGNALS[Number(shutdown.signal)] ?? "SIGTERM",
            timeoutMs: shutdown.timeout === undefined ? 0 : durationMs(shutdown.timeout),
          },
        }),
  };
}

function dockerOf(
  env: Environment | undefined,
): Pick<JobDefinition, "dockerImage" | "dockerLogin"> {
  switch (env?.dockerImage.case) {
    case "dockerImageResourceId":
      return { dockerImage: env.dockerImage.value };
    case "dockerImageSpec": {
      const { imageUrl, username, password } = env.dockerImage.value;
      if (password.case !== "passwordDsSecretName") return { dockerImage: imageUrl };
      return {
        dockerImage: imageUrl,
        dockerLogin: { username, passwordSecret: password.value },
      };
    }
    default:
      return {};
  }
}

/** Whatever the CLI found out about the program is in the parameters: nothing is scanned again. */
function pythonOf(python: PythonEnv): PythonEnvironment {
  const { pythonVersion, requirements, localModules, pipOptions: pip } = python;
  return {
    type: "manual",
    ...(pythonVersion === "" ? {} : { version: pythonVersion }),
    requirements,
    localModules: localModules.map(uploadedFile),
    rootPaths: [],
    localPaths: [],
    ...(pip === undefined
      ? {}
      : {
          pip: {
            ...(pip.indexUrl === "" ? {} : { indexUrl: pip.indexUrl }),
            extraIndexUrls: pip.extraIndexUrls,
            trustedHosts: pip.trustedHosts,
            noDeps: pip.noDeps,
          },
        }),
  };
}
