import { durationMs } from "@bufbuild/protobuf/wkt";
import type { WrongField } from "../../core/errors.ts";
import type { GracefulShutdown } from "../../core/job/job-definition.ts";
import {
  commandProblems,
  contentProblems,
  contentsProblems,
  diskProblems,
  instanceTypeProblems,
  lengthProblems,
  pathProblems,
  pythonVersionProblems,
  repeatProblems,
  variableProblems,
  type Placed,
} from "../../core/job/job-rules.ts";
import {
  commandVariables,
  PROGRESS_VARIABLE,
  PROJECT_HOME_VARIABLE,
  type CommandVariables,
} from "../../core/job/substitute.ts";
import { limits } from "../../core/limits.ts";
import { rateOf } from "../../core/units/rates.ts";
import {
  FileCompressionType,
  type File,
  type JobParameters,
} from "../../gen/yandex/cloud/datasphere/v2/jobs/jobs_pb.ts";
import type { Rates } from "../../usecases/jobs/create-job.ts";
import { namedFile, storedFile } from "./job-file.ts";

/** POSIX numbers of the signals that the CLI lets a job choose; 0 is the default. */
export const SIGNALS: Readonly<Partial<Record<number, GracefulShutdown["signal"]>>> = {
  0: "SIGTERM",
  1: "SIGHUP",
  2: "SIGINT",
  10: "SIGUSR1",
  12: "SIGUSR2",
  15: "SIGTERM",
};

/** What parameters are checked against. */
export interface ParameterChecks {
  readonly rates: Rates;
  /** The field that parameters stand in. */
  readonly field: string;
  /** The path of an entry of a list, where it is another than its own place says. */
  readonly placeOf?: (list: "input_files" | "output_files", index: number) => string;
}

/** Everything that is wrong with parameters, by the path of each field. */
export function parameterProblems(
  parameters: JobParameters,
  checks: ParameterChecks,
): readonly WrongField[] {
  const { field } = checks;
  const types = parameters.cloudInstanceTypes.map(({ name }) => name);
  const hasRate = (type: string): boolean => rateOf(type, checks.rates) !== undefined;
  return [
    ...commandProblems({ at: `${field}.cmd`, value: parameters.cmd }, variablesOf(parameters)),
    ...lengths(parameters, field),
    ...fileProblems(parameters, checks),
    ...environmentProblems(parameters, field),
    ...instanceTypeProblems(`${field}.cloud_instance_types`, types, hasRate),
    ...shutdownProblems(parameters, field),
    ...diskSizeProblems(parameters, field),
    ...repeatProblems(
      parameters.outputDatasets.map(({ name }, index) => ({
        at: `${field}.output_datasets[${index}].name`,
        value: name,
      })),
    ),
  ];
}

/**
 * What the command may name. Where the files will be is not known yet; mounted buckets and datasets
 * go by their ids, as the CLI writes them.
 */
function variablesOf(parameters: JobParameters): CommandVariables {
  const { env, inputFiles, outputFiles, s3MountIds, datasetIds, outputDatasets } = parameters;
  const uploads = [...inputFiles, ...(env?.pythonEnv?.localModules ?? [])];
  const names = [
    ...[...uploads.map(({ desc }) => desc), ...outputFiles].map((desc) => desc?.var ?? ""),
    ...outputDatasets.map((dataset) => dataset.var),
    ...[...s3MountIds, ...datasetIds],
  ];
  const ours = [
    PROGRESS_VARIABLE,
    ...(parameters.attachProjectDisk ? [PROJECT_HOME_VARIABLE] : []),
  ];
  return commandVariables({
    files: Object.fromEntries(names.map((name) => [name, ""])),
    run: {},
    arguments: Object.fromEntries(parameters.arguments.map(({ name, value }) => [name, value])),
    environment: { ...env?.vars, ...Object.fromEntries(ours.map((name) => [name, ""])) },
  });
}

function lengths(parameters: JobParameters, field: string): readonly WrongField[] {
  const python = parameters.env?.pythonEnv;
  const lists = {
    input_files: parameters.inputFiles,
    output_files: parameters.outputFiles,
    s3_mount_ids: parameters.s3MountIds,
    dataset_ids: parameters.datasetIds,
    arguments: parameters.arguments,
    cloud_instance_types: parameters.cloudInstanceTypes,
    output_datasets: parameters.outputDatasets,
    "env.vars": Object.keys(parameters.env?.vars ?? {}),
    "env.python_env.local_modules": python?.localModules ?? [],
  };
  const requirements = {
    at: `${field}.env.python_env.requirements`,
    value: python?.requirements.length ?? 0,
  };
  return [
    ...Object.entries(lists).flatMap(([name, list]) =>
      lengthProblems({ at: `${field}.${name}`, value: list.length }),
    ),
    ...lengthProblems(requirements, limits.jobRequirements),
  ];
}

function fileProblems(parameters: JobParameters, checks: ParameterChecks): readonly WrongField[] {
  const { field } = checks;
  const placeOf = checks.placeOf ?? ((list, index) => `${field}.${list}[${index}]`);
  const inputs = parameters.inputFiles.map((value, index) => ({
    at: placeOf("input_files", index),
    value,
  }));
  const modules = (parameters.env?.pythonEnv?.localModules ?? []).map((value, index) => ({
    at: `${field}.env.python_env.local_modules[${index}]`,
    value,
  }));
  const outputs = parameters.outputFiles.map((desc, index) => ({
    at: placeOf("output_files", index),
    value: namedFile(desc),
  }));
  const uploads = [...inputs, ...modules];
  const described = uploads.map(({ at, value }) => ({
    at: `${at}.desc`,
    value: namedFile(value.desc),
  }));
  const contents = uploads.map(({ at, value }) => ({ at, value: storedFile(value) }));
  const paths = (files: readonly Placed<{ readonly path: string }>[]): readonly Placed<string>[] =>
    files.map(({ at, value }) => ({ at: `${at}.path`, value: value.path }));
  const variables = [...described, ...outputs].flatMap(({ at, value }) =>
    value.variable === undefined ? [] : [{ at: `${at}.var`, value: value.variable }],
  );
  const argumentNames = parameters.arguments.map(({ name }, index) => ({
    at: `${field}.arguments[${index}].name`,
    value: name,
  }));
  return [
    ...[...described, ...outputs].flatMap(pathProblems),
    ...contents.flatMap(contentProblems),
    ...uploads.flatMap(compressionProblems),
    ...contentsProblems(`${field}.input_files`, contents),
    ...repeatProblems(paths(described.slice(0, inputs.length))),
    ...repeatProblems(paths(described.slice(inputs.length))),
    ...repeatProblems(paths(outputs)),
    ...variableProblems([...variables, ...argumentNames]),
  ];
}

function compressionProblems({ at, value }: Placed<File>): readonly WrongField[] {
  const known: readonly number[] = Object.values(FileCompressionType);
  if (known.includes(value.compressionType)) return [];
  return [{ field: `${at}.compression_type`, description: "must be NONE or ZIP" }];
}

function environmentProblems(parameters: JobParameters, field: string): readonly WrongField[] {
  const { vars = {}, pythonEnv: python } = parameters.env ?? {};
  const names = Object.keys(vars).flatMap((name) =>
    name === "" || /[=\0]/.test(name)
      ? [{ field: `${field}.env.vars`, description: `"${name}" cannot name a variable` }]
      : [],
  );
  if (python === undefined) return names;
  const at = `${field}.env.python_env`;
  const conda =
    python.condaYaml === ""
      ? []
      : [
          {
            field: `${at}.conda_yaml`,
            description: "is not supported: use python_version and requirements",
          },
        ];
  return [
    ...names,
    ...pythonVersionProblems({ at: `${at}.python_version`, value: python.pythonVersion }),
    ...conda,
  ];
}

function shutdownProblems(parameters: JobParameters, field: string): readonly WrongField[] {
  const shutdown = parameters.gracefulShutdownParameters;
  if (shutdown === undefined) return [];
  const at = `${field}.graceful_shutdown_parameters`;
  const wrong: WrongField[] = [];
  if (SIGNALS[Number(shutdown.signal)] === undefined) {
    const description = `${shutdown.signal} is none of 1, 2, 10, 12, 15`;
    wrong.push({ field: `${at}.signal`, description });
  }
  const timeoutMs = shutdown.timeout === undefined ? 0 : durationMs(shutdown.timeout);
  if (timeoutMs < 0 || timeoutMs > limits.timeoutMaxMs) {
    const description = `${timeoutMs / 1_000} s is not in 0 to ${limits.timeoutMaxMs / 1_000} s`;
    wrong.push({ field: `${at}.timeout`, description });
  }
  return wrong;
}

function diskSizeProblems(parameters: JobParameters, field: string): readonly WrongField[] {
  const disk = parameters.extendedWorkingStorage;
  if (disk === undefined) return [];
  const at = `${field}.extended_working_storage.size_gb`;
  return diskProblems({ at, value: Number(disk.sizeGb) * 1024 ** 3 });
}
