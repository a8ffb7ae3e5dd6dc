import { callerId, type Caller, type Subject } from "../../core/access/access.ts";
import type { ProjectId } from "../../core/ids.ts";
import type { AnyJson } from "../../core/json.ts";
import type { Operation } from "../../core/operation/operation.ts";
import { openMetadata } from "../../core/operation/work-operation.ts";
import type { CallerRequest } from "../caller-request.ts";
import { runCall, type CallServices } from "../operations/run-call.ts";
import { requireProject } from "./require-project.ts";

interface ProjectOpening extends CallerRequest {
  readonly project: string;
  readonly projectUrl: string;
  readonly metadata: (project: ProjectId) => AnyJson;
}

/** Starts to open a project for its caller; the operation goes on, status by status. */
export async function openProject(
  services: CallServices,
  request: ProjectOpening,
): Promise<Operation> {
  const { projectUrl, caller } = request;
  return await runCall(services, request, "open-project", async (tx) => {
    const { id } = await requireProject(tx, request.project);
    return {
      owner: id,
      description: "Open project",
      metadata: openMetadata(request.metadata(id), 0),
      work: { kind: "open", step: 0, subject: sessionSubject(caller), projectUrl },
    };
  });
}

function sessionSubject(caller: Caller): Subject {
  return caller.kind === "subject" ? caller.subject : { type: "system", id: callerId(caller) };
}
