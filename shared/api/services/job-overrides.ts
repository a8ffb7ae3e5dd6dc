import { clone, create } from "@bufbuild/protobuf";
import type { WrongField } from "../../core/errors.ts";
import {
  EnvironmentSchema,
  JobParametersSchema,
  type Environment,
  type JobParameters,
} from "../../gen/yandex/cloud/datasphere/v2/jobs/jobs_pb.ts";
import type { ParameterChecks } from "./job-parameter-rules.ts";

/** The field that overrides stand in. */
export const OVERRIDES = "job_parameters_overrides";

/** A clone's parameters, and what the overrides may not say. */
interface Overridden {
  readonly parameters: JobParameters;
  readonly wrong: readonly WrongField[];
  /** Where an entry of a list came from, for what is found wrong with it later. */
  readonly placeOf: NonNullable<ParameterChecks["placeOf"]>;
}

/**
 * Lays overrides over the parameters of the source: what is empty is inherited. Files are replaced
 * by variable and arguments by name; environment variables as a set; image, working storage and
 * instance types whole. Command, Python environment and the rest are the source's for good.
 */
export function overridden(source: JobParameters, overrides: JobParameters): Overridden {
  const parameters = clone(JobParametersSchema, source);
  const wrong = [...fixedFields(overrides)];
  const places = new Map<string, string>();

  const inputVariables = source.inputFiles.map(({ desc }) => desc?.var ?? "");
  for (const [index, file] of overrides.inputFiles.entries()) {
    const at = `${OVERRIDES}.input_files[${index}]`;
    const place = inputVariables.indexOf(file.desc?.var || NO_VARIABLE);
    if (place < 0) wrong.push(unknownVariable(`${at}.desc.var`, "input"));
    else parameters.inputFiles[place] = file;
    places.set(`input_files[${place}]`, at);
  }
  const outputVariables = source.outputFiles.map((desc) => desc.var);
  for (const [index, desc] of overrides.outputFiles.entries()) {
    const at = `${OVERRIDES}.output_files[${index}]`;
    const place = outputVariables.indexOf(desc.var || NO_VARIABLE);
    if (place < 0) wrong.push(unknownVariable(`${at}.var`, "output"));
    else parameters.outputFiles[place] = desc;
    places.set(`output_files[${place}]`, at);
  }
  for (const [index, argument] of overrides.arguments.entries()) {
    const place = source.arguments.findIndex(({ name }) => name === argument.name);
    if (place < 0) {
      const description = `"${argument.name.slice(0, 80)}" is no argument of the source`;
      wrong.push({ field: `${OVERRIDES}.arguments[${index}].name`, description });
    } else parameters.arguments[place] = argument;
  }
  const env = environmentOf(source.env, overrides.env);
  if (env !== undefined) parameters.env = env;
  const { extendedWorkingStorage: disk, cloudInstanceTypes: types } = overrides;
  if (disk !== undefined) parameters.extendedWorkingStorage = disk;
  if (types.length > 0) parameters.cloudInstanceTypes = types;
  const placeOf = (list: string, index: number): string =>
    places.get(`${list}[${index}]`) ?? `${OVERRIDES}.${list}`;
  return { parameters, wrong, placeOf };
}

/** No file can have it: a file without a variable is matched by nothing. */
const NO_VARIABLE = "\0";

function unknownVariable(field: string, kind: string): WrongField {
  return { field, description: `must be the variable of one of the source's ${kind} files` };
}

function environmentOf(
  source: Environment | undefined,
  overrides: Environment | undefined,
): Environment | undefined {
  if (overrides === undefined) return source;
  const env = clone(EnvironmentSchema, source ?? create(EnvironmentSchema));
  if (Object.keys(overrides.vars).length > 0) env.vars = overrides.vars;
  if (overrides.dockerImage.case !== undefined) env.dockerImage = overrides.dockerImage;
  return env;
}

function fixedFields(overrides: JobParameters): readonly WrongField[] {
  const given = {
    cmd: overrides.cmd !== "",
    "env.python_env": overrides.env?.pythonEnv !== undefined,
    s3_mount_ids: overrides.s3MountIds.length > 0,
    dataset_ids: overrides.datasetIds.length > 0,
    attach_project_disk: overrides.attachProjectDisk,
    output_datasets: overrides.outputDatasets.length > 0,
    graceful_shutdown_parameters: overrides.gracefulShutdownParameters !== undefined,
    spark_parameters: overrides.sparkParameters !== undefined,
  };
  const description = "cannot be overridden: create a job of its own";
  return Object.entries(given).flatMap(([name, isGiven]) =>
    isGiven ? [{ field: `${OVERRIDES}.${name}`, description }] : [],
  );
}
