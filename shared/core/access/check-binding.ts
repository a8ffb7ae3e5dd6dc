import type { WrongField } from "../errors.ts";
import {
  ALL_AUTHENTICATED_USERS,
  ALL_USERS,
  roleIdsThatGive,
  type AccessBinding,
  type AccessResource,
} from "./access.ts";

/** Source: Yandex Cloud, `yandex.cloud.access.Subject`. */
export const SUBJECT_TYPES = ["userAccount", "serviceAccount", "federatedUser", "system"] as const;

const SYSTEM_GROUP = /^group:(?:organization|federation):[a-z0-9-]{1,50}:users$/;
/** An id of the cloud, or any name on a laptop: no white space, nothing invisible. */
const SUBJECT_ID = /^[^\s\p{C}]+$/u;

/**
 * What is wrong with a binding on a resource of this kind; `field` is its path in the request. The
 * groups of an organization or a federation are taken, but nobody here is known to be in one.
 */
export function checkBinding(
  binding: AccessBinding,
  kind: AccessResource["kind"],
  field: string,
): readonly WrongField[] {
  const wrong: WrongField[] = [];
  const roles = roleIdsThatGive("viewer", kind);
  if (!roles.includes(binding.roleId)) {
    const description = `Unknown role ${binding.roleId}: on a ${kind} it is one of ${roles.join(", ")}`;
    wrong.push({ field: `${field}.role_id`, description });
  }
  const { type, id } = binding.subject;
  if (!(SUBJECT_TYPES as readonly string[]).includes(type)) {
    const description = `Unknown type ${type}: it is one of ${SUBJECT_TYPES.join(", ")}`;
    wrong.push({ field: `${field}.subject.type`, description });
  } else if (type === "system" ? !isSystemSubject(id) : !SUBJECT_ID.test(id)) {
    const description =
      type === "system"
        ? "A system subject is allUsers, allAuthenticatedUsers, group:organization:ID:users or group:federation:ID:users"
        : "An id has neither white space nor control characters";
    wrong.push({ field: `${field}.subject.id`, description });
  }
  return wrong;
}

function isSystemSubject(id: string): boolean {
  return id === ALL_USERS.id || id === ALL_AUTHENTICATED_USERS.id || SYSTEM_GROUP.test(id);
}
