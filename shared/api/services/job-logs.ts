import { OrreryError, wrongFields } from "../../core/errors.ts";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  StandardStream,
  StdLog_Type,
  type LogMessageSchema,
} from "../../gen/yandex/cloud/datasphere/v2/jobs/jobs_pb.ts";
import type {
  ReadProjectJobLogsResponseSchema,
  ReadProjectJobStdLogsResponseSchema,
} from "../../gen/yandex/cloud/datasphere/v2/jobs/project_job_service_pb.ts";
import { readJobLog, type LogPiece } from "../../usecases/jobs/read-job-log.ts";
import type { ApiServices } from "../api-services.ts";
import type { Call } from "../call.ts";
import { pause } from "../pause.ts";

/** What the platform itself says about a job stands in this file. */
const SYSTEM_LOG = ".system.log";

/** Which logs are read, and from where. */
interface LogsRequest {
  readonly jobId: string;
  readonly offset: bigint;
}

/** A job's logs from an offset on, until the job has ended and everything was told. */
export async function* readLogs(
  services: ApiServices,
  request: LogsRequest,
  call: Pick<Call, "signal" | "follows">,
): AsyncGenerator<MessageInitShape<typeof ReadProjectJobLogsResponseSchema>> {
  for await (const piece of pieces(services, request, call)) {
    yield { logs: [logMessage(piece)], offset: BigInt(piece.nextOffset) };
  }
}

/** The same without what the platform says; offsets are those of all logs. */
export async function* readStdLogs(
  services: ApiServices,
  request: LogsRequest,
  call: Pick<Call, "signal" | "follows">,
): AsyncGenerator<MessageInitShape<typeof ReadProjectJobStdLogsResponseSchema>> {
  for await (const { stream, bytes, nextOffset } of pieces(services, request, call)) {
    if (stream === "system") continue;
    const type = stream === "stdout" ? StdLog_Type.OUT : StdLog_Type.ERR;
    yield { logs: [{ content: bytes, type }], offset: BigInt(nextOffset) };
  }
}

async function* pieces(
  services: ApiServices,
  { jobId, offset: from }: LogsRequest,
  { signal, follows }: Pick<Call, "signal" | "follows">,
): AsyncGenerator<LogPiece> {
  let offset = offsetOf(from);
  let isFirst = true;
  let quiet = 0;
  while (!signal.aborted) {
    const read = await readJobLog(services, jobId, offset).catch((error: unknown) => {
      // A job that was deleted while somebody listened is over.
      const isGone = error instanceof OrreryError && error.code === "JOB_NOT_FOUND";
      if (isGone && !isFirst) return { kind: "over" } as const;
      throw error;
    });
    isFirst = false;
    switch (read.kind) {
      case "piece":
        offset = read.nextOffset;
        quiet = 0;
        yield read;
        break;
      case "quiet":
        if (!follows) return;
        await pause(services, signal, quiet);
        quiet += 1;
        break;
      case "over":
        return;
    }
  }
}

/** -1, which the CLI sends to see everything of a job it attaches to, is the beginning. */
function offsetOf(offset: bigint): number {
  if (offset >= -1n && offset <= BigInt(Number.MAX_SAFE_INTEGER)) {
    return Math.max(0, Number(offset));
  }
  const description = `${offset} is no offset: use 0, or one that an earlier message gave`;
  throw wrongFields([{ field: "offset", description }]);
}

function logMessage({ stream, bytes, at }: LogPiece): MessageInitShape<typeof LogMessageSchema> {
  const told = { content: bytes, createdAt: timestampFromMs(at) };
  switch (stream) {
    case "stdout":
      return { ...told, source: { case: "standardStream", value: StandardStream.OUT } };
    case "stderr":
      return { ...told, source: { case: "standardStream", value: StandardStream.ERR } };
    case "system":
      return { ...told, source: { case: "filePath", value: SYSTEM_LOG } };
  }
}
