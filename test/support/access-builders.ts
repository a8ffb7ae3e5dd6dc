import type { AccessResource, Role } from "../../shared/core/access/access.ts";
import { communityId, projectId } from "../../shared/core/ids.ts";
import type { Community, Project } from "../../shared/core/project/project.ts";
import type { Transaction } from "../../shared/ports/store.ts";
import { addBinding } from "../../shared/records/binding-record.ts";
import { START_AT } from "./builders.ts";

export function aCommunity(fields: Partial<Community> = {}): Community {
  return {
    id: communityId("lab"),
    name: "lab",
    description: "",
    labels: {},
    organization: "org",
    zone: "ru-central1-a",
    createdAt: START_AT,
    createdBy: "orrery",
    restrictions: [],
    ...fields,
  };
}

export function aProject(fields: Partial<Project> = {}): Project {
  return {
    id: projectId("demo"),
    community: communityId("lab"),
    name: "demo",
    description: "",
    labels: {},
    createdAt: START_AT,
    createdBy: "orrery",
    settings: {},
    diskGb: 10,
    restrictions: [],
    ...fields,
  };
}

/** Gives a user account a role on a project or a community. */
export function grant(tx: Transaction, user: string, role: Role, resource: AccessResource): void {
  const family = resource.kind === "project" ? "community-projects" : "communities";
  addBinding(tx, resource, {
    roleId: `datasphere.${family}.${role}`,
    subject: { id: user, type: "userAccount" },
  });
}

export const DEMO: AccessResource = { kind: "project", id: "demo" };
export const LAB: AccessResource = { kind: "community", id: "lab" };
