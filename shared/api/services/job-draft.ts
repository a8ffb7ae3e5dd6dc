import { type WrongField, wrongFields } from "../../core/errors.ts";
import { durationMs, type Duration } from "@bufbuild/protobuf/wkt";
import { create } from "@bufbuild/protobuf";
import type { Job, JobDraft } from "../../core/job/job.ts";
import { dataTtlProblems } from "../../core/job/job-rules.ts";
import { limits } from "../../core/limits.ts";
import { JobParametersSchema } from "../../gen/yandex/cloud/datasphere/v2/jobs/jobs_pb.ts";
import type {
  CloneProjectJobRequest,
  CreateProjectJobRequest,
} from "../../gen/yandex/cloud/datasphere/v2/jobs/project_job_service_pb.ts";
import type { Rates } from "../../usecases/jobs/create-job.ts";
import { overridden, OVERRIDES } from "./job-overrides.ts";
import { parametersOf, readParameters, type ParametersRead } from "./job-parameters.ts";

/** The job that a Create asks for; `ARGUMENT_INVALID` with every wrong field at once. */
export function createdDraft(request: CreateProjectJobRequest, rates: Rates): JobDraft {
  const { jobParameters = create(JobParametersSchema), name, desc, config, dataTtl } = request;
  const read = readParameters(jobParameters, { rates, field: "job_parameters" });
  return draftOf(read, { name, description: desc, config, dataTtl, wrong: [] });
}

/** The job that a Clone asks for: its source, and what the request says otherwise. */
export function clonedDraft(request: CloneProjectJobRequest, source: Job, rates: Rates): JobDraft {
  const overrides = request.jobParametersOverrides ?? create(JobParametersSchema);
  const { parameters, wrong, placeOf } = overridden(parametersOf(source), overrides);
  const read = readParameters(parameters, { rates, field: OVERRIDES, placeOf });
  return draftOf(read, {
    name: request.name || source.name,
    description: request.desc || source.description,
    config: source.config,
    dataTtl: request.dataTtl,
    wrong,
  });
}

interface Given {
  readonly name: string;
  readonly description: string;
  readonly config: string;
  readonly dataTtl: Duration | undefined;
  readonly wrong: readonly WrongField[];
}

function draftOf(read: ParametersRead, given: Given): JobDraft {
  const { name, description, config } = given;
  const dataTtlMs = given.dataTtl === undefined ? limits.jobDataTtlMs : durationMs(given.dataTtl);
  const wrong = [
    ...given.wrong,
    ...(read.ok ? [] : read.wrong),
    ...dataTtlProblems({ at: "data_ttl", value: dataTtlMs }),
  ];
  if (!read.ok || wrong.length > 0) throw wrongFields(wrong);
  const { definition, ...kept } = read.value;
  const named = {
    ...(name === "" ? {} : { name }),
    ...(description === "" ? {} : { description }),
  };
  const draft = { name, description, config, dataTtlMs, definition: { ...definition, ...named } };
  const bytes = Buffer.byteLength(JSON.stringify([name, description, config, kept.parameters]));
  if (bytes > limits.jobBytes) {
    const text = `has ${bytes} bytes with its parameters and may have ${limits.jobBytes}`;
    throw wrongFields([{ field: "config", description: text }]);
  }
  return { ...draft, ...kept };
}

/** How long data is to be kept; undefined for good. */
export function ttlMsOf(ttl: Duration | undefined): number | undefined {
  if (ttl === undefined) return undefined;
  const value = durationMs(ttl);
  const wrong = dataTtlProblems({ at: "ttl", value });
  if (wrong.length > 0) throw wrongFields(wrong);
  return value;
}
