import {
  highestRoleOf,
  ROLES,
  type AccessBinding,
  type AccessResource,
  type Role,
  type Subject,
} from "../core/access/access.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { bindingsTable } from "./tables.ts";

/**
 * The highest role that any of the subjects holds on the resource itself; undefined for none. It
 * reads no more rows than there are such bindings.
 */
export async function readRole(
  reader: Reader,
  resource: AccessResource,
  subjects: readonly Subject[],
): Promise<Role | undefined> {
  const rows = await Promise.all(
    subjects.map(
      async (subject) =>
        await reader.scan(bindingsTable, {
          prefix: { resource: resourceKey(resource), subject: subjectKey(subject) },
          limit: ROLES.length,
        }),
    ),
  );
  const roleIds = rows.flat().map(({ role }) => role);
  return highestRoleOf(roleIds, resource.kind);
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
