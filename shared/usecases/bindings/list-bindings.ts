import type { AccessBinding, AccessResource } from "../../core/access/access.ts";
import { bindingDigest, type BindingCursor } from "../../core/access/binding-cursor.ts";
import { OrreryError } from "../../core/errors.ts";
import type { Reader } from "../../ports/store.ts";
import { scanBindings } from "../../records/binding-record.ts";
import { readPage, type Page } from "../read-page.ts";
import type { Services } from "../services.ts";
import { allBindings } from "./all-bindings.ts";
import { requireHolder } from "./require-holder.ts";

/** A page of the bindings of a resource, by subject and role. */
export async function listBindings(
  { store }: Pick<Services, "store">,
  resource: AccessResource,
  page: { readonly size: number; readonly after?: BindingCursor | undefined },
): Promise<Page<AccessBinding, AccessBinding>> {
  return await store.snapshot(async (reader) => {
    await requireHolder(reader, resource);
    return await readPage<AccessBinding, AccessBinding>({
      size: page.size,
      after: page.after && (await bindingOf(reader, resource, page.after)),
      scan: async (scan) => await scanBindings(reader, resource, scan),
      keyOf: (binding) => binding,
    });
  });
}

async function bindingOf(
  reader: Reader,
  resource: AccessResource,
  cursor: BindingCursor,
): Promise<AccessBinding> {
  if (cursor.kind === "binding") return cursor.binding;
  const all = await allBindings(reader, resource);
  const found = all.find((binding) => bindingDigest(binding) === cursor.digest);
  if (found !== undefined) return found;
  const description = "The binding at which the last page ended is gone: list from the start";
  throw new OrreryError("ARGUMENT_INVALID", `page_token: ${description}`, {
    fields: [{ field: "page_token", description }],
  });
}
