/** Roles in their order: each includes those before it. */
export const ROLES = ["viewer", "developer", "editor", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** Whoever an access binding names. Source: Yandex Cloud, `yandex.cloud.access.Subject`. */
export interface Subject {
  readonly id: string;
  /** `userAccount`, `serviceAccount`, `federatedUser`, or `system` for the groups. */
  readonly type: string;
}

/** What a role is held on. */
export interface AccessResource {
  readonly kind: "project" | "community";
  readonly id: string;
}

/** A role that a subject holds on a resource; role ids are DataSphere's. */
export interface AccessBinding {
  readonly roleId: string;
  readonly subject: Subject;
}

/** Everybody, token or not; and everybody with a token that is known. */
export const ALL_USERS: Subject = { id: "allUsers", type: "system" };
export const ALL_AUTHENTICATED_USERS: Subject = { id: "allAuthenticatedUsers", type: "system" };

/** Who calls. The platform's own token is an admin of everything. */
export type Caller =
  | { readonly kind: "anonymous" }
  | { readonly kind: "platform" }
  | { readonly kind: "subject"; readonly subject: Subject };

/** The id that stands in `created_by` and in the ledger. */
export function callerId(caller: Caller): string {
  switch (caller.kind) {
    case "anonymous":
      return ALL_USERS.id;
    case "platform":
      return "orrery";
    case "subject":
      return caller.subject.id;
  }
}

/** Under which subjects a caller's bindings are found. */
export function subjectsOf(caller: Caller): readonly Subject[] {
  switch (caller.kind) {
    case "anonymous":
      return [ALL_USERS];
    case "platform":
      return [];
    case "subject":
      return [caller.subject, ALL_AUTHENTICATED_USERS, ALL_USERS];
  }
}

/**
 * Role ids that give `role` on a resource of this kind. A role on a community is also that role on
 * each of its projects. Source: DataSphere, "Access management".
 */
export function roleIdsThatGive(role: Role, kind: AccessResource["kind"]): readonly string[] {
  return ROLES.slice(ROLES.indexOf(role)).map((each) => roleIdOf(each, kind));
}

/** The highest role that any of these role ids gives on a resource of this kind. */
export function highestRoleOf(
  roleIds: readonly string[],
  kind: AccessResource["kind"],
): Role | undefined {
  return ROLES.findLast((role) => roleIds.includes(roleIdOf(role, kind)));
}

/** The higher of two roles, of which there may be none. */
export function higherRole(a: Role | undefined, b: Role | undefined): Role | undefined {
  return b === undefined || includesRole(a, b) ? a : b;
}

/** Whether whoever holds the one role may do what the other is for. */
export function includesRole(held: Role | undefined, wanted: Role): boolean {
  return held !== undefined && ROLES.indexOf(held) >= ROLES.indexOf(wanted);
}

function roleIdOf(role: Role, kind: AccessResource["kind"]): string {
  return `datasphere.${kind === "project" ? "community-projects" : "communities"}.${role}`;
}
