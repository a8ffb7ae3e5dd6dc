import { OrreryError } from "../../core/errors.ts";
import { projectId, type ProjectId } from "../../core/ids.ts";
import type { AnyJson } from "../../core/json.ts";
import { limits } from "../../core/limits.ts";
import type { Operation } from "../../core/operation/operation.ts";
import { writeProject } from "../../records/project-record.ts";
import type { CallerRequest } from "../caller-request.ts";
import { runCall } from "../operations/run-call.ts";
import type { Services } from "../services.ts";
import { requireResizable } from "../restrictions/require-unrestricted.ts";
import { requireProject } from "./require-project.ts";

/** A project's disk, in GB of 2^30 bytes. */
export interface Disk {
  readonly project: ProjectId;
  readonly sizeGb: number;
  readonly usedGb: number;
}

interface NewDiskSize extends CallerRequest {
  readonly project: string;
  readonly sizeGb: number;
  readonly metadata: (resized: {
    readonly project: ProjectId;
    readonly oldSizeGb: number;
    readonly newSizeGb: number;
  }) => AnyJson;
  readonly response: (disk: Disk) => AnyJson;
}

const GB = 1024 ** 3;

/** Changes how much a project's storage may hold; never to less than it holds. */
export async function resizeDisk(
  services: Pick<Services, "store" | "clock" | "random" | "queue" | "log" | "files">,
  request: NewDiskSize,
): Promise<Operation> {
  const { project: named, sizeGb } = request;
  const { projectDiskMinGb: min, projectDiskMaxGb: max } = limits;
  if (sizeGb < min || sizeGb > max) throw wrongSize(sizeGb, `A disk has ${min} to ${max} GB`);
  const usedGb = (await services.files.usedBytes(projectId(named))) / GB;
  return await runCall(services, request, "resize-disk", async (tx) => {
    const before = await requireProject(tx, named);
    await requireResizable(tx, before);
    if (usedGb > sizeGb) {
      throw new OrreryError(
        "PROJECT_BUSY",
        `Project ${before.id} uses ${usedGb.toFixed(2)} GB of its disk, more than ${sizeGb} GB: remove files first`,
      );
    }
    const { id, diskGb: oldSizeGb } = before;
    writeProject(tx, before, { ...before, diskGb: sizeGb });
    return {
      owner: id,
      description: "Resize disk",
      metadata: request.metadata({ project: id, oldSizeGb, newSizeGb: sizeGb }),
      response: request.response({ project: id, sizeGb, usedGb }),
    };
  });
}

function wrongSize(sizeGb: number, description: string): OrreryError {
  return new OrreryError("ARGUMENT_INVALID", `${description}, not ${sizeGb}`, {
    fields: [{ field: "new_disk_size_gb", description }],
  });
}
