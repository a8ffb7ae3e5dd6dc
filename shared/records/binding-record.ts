import {
  roleIdsThatGive,
  type AccessBinding,
  type AccessResource,
  type Role,
  type Subject,
} from "../core/access/access.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { bindingsTable } from "./tables.ts";

/** Whether any of the subjects holds the role, or a higher one, on the resource itself. */
export async function holdsRole(
  reader: Reader,
  resource: AccessResource,
  subjects: readonly Subject[],
  role: Role,
): Promise<boolean> {
  const keys = subjects.flatMap((subject) =>
    roleIdsThatGive(role, resource.kind).map((roleId) => ({
      resource: resourceKey(resource),
      subject: subjectKey(subject),
      role: roleId,
    })),
  );
  if (keys.length === 0) return false;
  const rows = await reader.getMany(bindingsTable, keys);
  return rows.some((row) => row !== undefined);
}

/** A page of the bindings of a resource, by subject and role, behind `after`. */
export async function scanBindings(
  reader: Reader,
  resource: AccessResource,
  page: { readonly limit: number; readonly after?: AccessBinding },
): Promise<readonly AccessBinding[]> {
  const rows = await reader.scan(bindingsTable, {
    prefix: { resource: resourceKey(resource) },
    limit: page.limit,
    ...(page.after === undefined ? {} : { after: bindingKey(resource, page.after) }),
  });
  return rows.map(({ subject, role }) => {
    const colon = subject.indexOf(":");
    return {
      roleId: role,
      subject: { type: subject.slice(0, colon), id: subject.slice(colon + 1) },
    };
  });
}

export function addBinding(
  tx: Transaction,
  resource: AccessResource,
  binding: AccessBinding,
): void {
  tx.put(bindingsTable, bindingKey(resource, binding));
}

export function removeBinding(
  tx: Transaction,
  resource: AccessResource,
  binding: AccessBinding,
): void {
  tx.delete(bindingsTable, bindingKey(resource, binding));
}

function bindingKey(
  resource: AccessResource,
  binding: AccessBinding,
): { resource: string; subject: string; role: string } {
  return {
    resource: resourceKey(resource),
    subject: subjectKey(binding.subject),
    role: binding.roleId,
  };
}

const resourceKey = ({ kind, id }: AccessResource): string => `${kind}:${id}`;
const subjectKey = ({ type, id }: Subject): string => `${type}:${id}`;
