import type { ProjectId } from "../../core/ids.ts";
import type { AnyJson } from "../../core/json.ts";
import type { Operation } from "../../core/operation/operation.ts";
import { setBalance } from "../../core/units/account.ts";
import { askedBy, type CallerRequest } from "../caller-request.ts";
import { runCall, type CallServices } from "../operations/run-call.ts";
import { postToAccount } from "./post-to-account.ts";
import { requireProject } from "./require-project.ts";

interface NewBalance extends CallerRequest {
  readonly project: string;
  /** What may still be spent, held units included; null removes the limit. */
  readonly units: number | null;
  /** Absent where nobody sees the operation. */
  readonly metadata?: (project: ProjectId) => AnyJson;
  readonly response: AnyJson;
}

/** Sets a project's balance, with an entry that says who did; waiting runs are looked at anew. */
export async function setUnitBalance(
  services: CallServices,
  request: NewBalance,
): Promise<Operation> {
  return await runCall(services, request, "set-unit-balance", async (tx, now) => {
    const { id } = await requireProject(tx, request.project);
    const change = { units: request.units, reason: `by ${askedBy(request)}` };
    const { nudges } = await postToAccount(tx, id, now, (account) =>
      setBalance(account, change, now),
    );
    return {
      owner: id,
      description: "Set unit balance",
      ...(request.metadata === undefined ? {} : { metadata: request.metadata(id) }),
      response: request.response,
      nudges,
    };
  });
}
