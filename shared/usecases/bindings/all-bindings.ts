import { assert } from "../../core/assert.ts";
import type { AccessBinding, AccessResource } from "../../core/access/access.ts";
import { limits } from "../../core/limits.ts";
import type { Reader } from "../../ports/store.ts";
import { scanBindings } from "../../records/binding-record.ts";

/** Every binding of a resource: at most `bindingsPerResource`, which whoever adds them sees to. */
export async function allBindings(
  reader: Reader,
  resource: AccessResource,
): Promise<readonly AccessBinding[]> {
  const found: AccessBinding[] = [];
  while (found.length <= limits.bindingsPerResource) {
    const after = found.at(-1);
    const page = await scanBindings(reader, resource, {
      limit: limits.scanRows,
      ...(after === undefined ? {} : { after }),
    });
    found.push(...page);
    if (page.length < limits.scanRows) return found;
  }
  assert(
    false,
    `${resource.kind} ${resource.id} has at most ${limits.bindingsPerResource} bindings`,
  );
}
