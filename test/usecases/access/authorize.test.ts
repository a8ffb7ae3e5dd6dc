// One table of who may do what, and what the others hear; apart, its cases could contradict.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  ALL_AUTHENTICATED_USERS,
  ALL_USERS,
  ROLES,
  type Caller,
  type Role,
} from "../../../shared/core/access/access.ts";
import type { OrreryError } from "../../../shared/core/errors.ts";
import {
  adHocSchedule,
  callOperationId,
  communityId,
  jobId,
  projectId,
  runIdOf,
} from "../../../shared/core/ids.ts";
import type { CallOperation } from "../../../shared/core/operation/operation.ts";
import type { Run } from "../../../shared/core/run/run.ts";
import type { Transaction } from "../../../shared/ports/store.ts";
import { addBinding } from "../../../shared/records/binding-record.ts";
import { writeJob } from "../../../shared/records/job-record.ts";
import { writeOperation } from "../../../shared/records/operation-record.ts";
import {
  forgetProject,
  writeCommunity,
  writeProject,
} from "../../../shared/records/project-record.ts";
import { writeRun } from "../../../shared/records/run-record.ts";
import { writeDefinition } from "../../../shared/records/schedule-record.ts";
import { authorize, type Permitted } from "../../../shared/usecases/access/authorize.ts";
import type { NamedResource } from "../../../shared/usecases/access/denial.ts";
import { visibleProjects } from "../../../shared/usecases/access/held-role.ts";
import { lookUp, type Demand } from "../../../shared/usecases/access/look-up.ts";
import { aCommunity, aProject, DEMO, grant, LAB } from "../../support/access-builders.ts";
import { aSchedule, START_AT } from "../../support/builders.ts";
import { aStoredJob } from "../../support/job-builder.ts";
import { World } from "../../support/world.ts";

const JOB = jobId("bt1job00000000000000");
const RUN = runIdOf(
  { schedule: adHocSchedule(projectId("demo")), nominalAt: START_AT },
  `job:${JOB}`,
);
const OPERATION = callOperationId(projectId("demo"), "0123456789abcdefghij");
const COMMUNITY_OPERATION = callOperationId(communityId("lab"), "0123456789abcdefghij");

const PLATFORM: Caller = { kind: "platform" };
const ANONYMOUS: Caller = { kind: "anonymous" };
const caller = (id: string): Caller => ({ kind: "subject", subject: { id, type: "userAccount" } });
const NOBODY = caller("nobody");

let world: World;

beforeEach(async () => {
  world = new World();
  await write((tx) => {
    writeCommunity(tx, undefined, aCommunity());
    writeProject(tx, undefined, aProject());
    writeJob(tx, undefined, aStoredJob({ id: JOB }));
    writeRun(tx, undefined, { run: aRun() });
    writeDefinition(tx, { definition: aSchedule({ name: "nightly" }), downstream: [] });
    writeOperation(tx, undefined, anOperation({ id: OPERATION }));
    writeOperation(
      tx,
      undefined,
      anOperation({ id: COMMUNITY_OPERATION, owner: communityId("lab") }),
    );
    for (const role of ROLES) {
      grant(tx, `project-${role}`, role, DEMO);
      grant(tx, `community-${role}`, role, LAB);
    }
  });
});

afterEach(async () => {
  await world.close();
});

async function write(body: (tx: Transaction) => void): Promise<void> {
  await world.store.transact("test", (tx) => {
    body(tx);
    return Promise.resolve();
  });
}

function aRun(): Run {
  return {
    id: RUN,
    schedule: adHocSchedule(projectId("demo")),
    project: projectId("demo"),
    cause: { kind: "job", job: JOB },
    priority: "normal",
    nominalAt: START_AT,
    effectiveAt: START_AT,
    state: "succeeded",
    inputs: {},
    attempts: [],
    finishedAt: START_AT,
  };
}

function anOperation(fields: Partial<CallOperation>): CallOperation {
  return {
    id: OPERATION,
    owner: projectId("demo"),
    description: "",
    createdAt: START_AT,
    createdBy: "orrery",
    modifiedAt: START_AT,
    subject: { kind: "call" },
    ...fields,
  };
}

async function permit(caller: Caller, demand: Demand): Promise<Permitted> {
  return await world.store.snapshot(async (reader) => {
    const found = await lookUp(reader, demand);
    return await authorize(reader, { caller, demand, found });
  });
}

/** How a caller was turned away, or `permitted`. */
async function outcome(who: Caller, demand: Demand): Promise<string> {
  try {
    await permit(who, demand);
    return "permitted";
  } catch (error) {
    return (error as OrreryError).code;
  }
}

/** Each kind of resource as it is in this world, and one of the kind that does not exist. */
const RESOURCES: readonly (readonly [NamedResource, string, string])[] = [
  ["community", "lab", "nolab"],
  ["folder", "lab", "nolab"],
  ["project", "demo", "nodemo"],
  ["job", JOB, "bt1job00000000000001"],
  ["operation", OPERATION, "nodemo.0123456789abcdefghij"],
  ["run", RUN, RUN.replace(/.{8}$/, "00000000")],
  ["schedule", "nightly", "daily"],
];
const INSIDE: readonly NamedResource[] = ["job", "operation", "run", "schedule"];
const NOT_FOUND: Readonly<Record<NamedResource, string>> = {
  community: "COMMUNITY_NOT_FOUND",
  folder: "permitted",
  project: "PROJECT_NOT_FOUND",
  job: "JOB_NOT_FOUND",
  operation: "OPERATION_NOT_FOUND",
  run: "RUN_NOT_FOUND",
  schedule: "SCHEDULE_NOT_FOUND",
};

describe.each(RESOURCES)("a %s", (resource, id, unknown) => {
  const holders =
    resource === "community" || resource === "folder" ? ["community"] : ["project", "community"];
  const demand = (role: Role, which = id): Demand => ({ resource, id: which, role });

  it("is open to whoever holds the role or a higher one, and to nobody below", async () => {
    for (const holder of holders) {
      for (const [needed, role] of ROLES.entries()) {
        for (const [held, name] of ROLES.entries()) {
          const found = await outcome(caller(`${holder}-${name}`), demand(role));

          expect([holder, role, name, found]).toEqual([
            holder,
            role,
            name,
            held >= needed ? "permitted" : "PERMISSION_DENIED",
          ]);
        }
      }
    }
  });

  it("looks the same to a stranger whether it exists or not", async () => {
    const expected = INSIDE.includes(resource) ? NOT_FOUND[resource] : "PERMISSION_DENIED";

    expect(await outcome(NOBODY, demand("viewer"))).toBe(expected);
    expect(await outcome(NOBODY, demand("viewer", unknown))).toBe(expected);
    expect(await outcome(NOBODY, demand("viewer", "\0"))).toBe(expected);
  });

  it("sends a caller without a token for one, whether it exists or not", async () => {
    expect(await outcome(ANONYMOUS, demand("viewer"))).toBe("UNAUTHENTICATED");
    expect(await outcome(ANONYMOUS, demand("viewer", unknown))).toBe("UNAUTHENTICATED");
  });

  it("tells the platform's own token the truth", async () => {
    expect(await outcome(PLATFORM, demand("admin"))).toBe("permitted");
    const found = await outcome(PLATFORM, demand("admin", unknown));
    // Operations are looked up by whoever answers for them.
    expect(found).toBe(resource === "operation" ? "permitted" : NOT_FOUND[resource]);
  });

  it("never repeats a text that is no id", async () => {
    const text = `<${"x".repeat(1_000)}>`;

    await expect(permit(NOBODY, demand("viewer", text))).rejects.not.toThrow("<x");
  });
});

describe("roles of everybody", () => {
  it("let in whom they name, with and without a token", async () => {
    const demand: Demand = { resource: "project", id: "demo", role: "viewer" };
    const roleId = "datasphere.community-projects.viewer";
    await write((tx) => addBinding(tx, DEMO, { roleId, subject: ALL_AUTHENTICATED_USERS }));
    expect(await outcome(NOBODY, demand)).toBe("permitted");
    expect(await outcome(ANONYMOUS, demand)).toBe("UNAUTHENTICATED");

    await write((tx) => addBinding(tx, DEMO, { roleId, subject: ALL_USERS }));

    expect(await outcome(ANONYMOUS, demand)).toBe("permitted");
    expect(await outcome(ANONYMOUS, { ...demand, role: "editor" })).toBe("UNAUTHENTICATED");
  });
});

describe("a caller with several roles", () => {
  const member = caller("project-viewer");
  const changes = (resource: NamedResource, id: string): Demand => ({
    ...{ resource, id },
    role: "developer",
  });

  it.each(RESOURCES.filter(([resource]) => resource !== "community" && resource !== "folder"))(
    "has the highest of them on a %s, wherever each is held",
    async (resource, id) => {
      expect(await outcome(member, changes(resource, id))).toBe("PERMISSION_DENIED");

      await write((tx) => grant(tx, "project-viewer", "editor", LAB));
      expect(await outcome(member, changes(resource, id))).toBe("permitted");

      await write((tx) => grant(tx, "community-viewer", "admin", DEMO));
      expect(await outcome(caller("community-viewer"), changes(resource, id))).toBe("permitted");
    },
  );
});

describe("what no resource guards", () => {
  it.each([
    ["open", ["permitted", "permitted", "permitted"]],
    ["nothing", ["UNAUTHENTICATED", "permitted", "permitted"]],
    ["platform", ["UNAUTHENTICATED", "PERMISSION_DENIED", "permitted"]],
  ] as const)("is decided by the token alone: %s", async (resource, expected) => {
    const found = [];
    for (const who of [ANONYMOUS, NOBODY, PLATFORM]) found.push(await outcome(who, { resource }));

    expect(found).toEqual(expected);
  });
});

describe("a deleted project", () => {
  const admin = caller("community-admin");
  const demo: Demand = { resource: "project", id: "demo", role: "viewer" };
  const job: Demand = { resource: "job", id: JOB, role: "viewer" };
  const operation: Demand = { resource: "operation", id: OPERATION, role: "viewer" };

  beforeEach(async () => {
    await write((tx) => writeProject(tx, aProject(), aProject({ deletedAt: START_AT })));
  });

  it("is not there any more, nor are its jobs", async () => {
    expect(await outcome(admin, demo)).toBe("PERMISSION_DENIED");
    expect(await outcome(PLATFORM, demo)).toBe("PROJECT_NOT_FOUND");
    expect(await outcome(admin, job)).toBe("JOB_NOT_FOUND");
    expect(await outcome(PLATFORM, job)).toBe("JOB_NOT_FOUND");
  });

  it("still shows its operations, so that its deletion can be followed", async () => {
    expect(await outcome(admin, operation)).toBe("permitted");
    expect(await outcome(NOBODY, operation)).toBe("OPERATION_NOT_FOUND");
  });
});

describe("an operation whose owner is gone", () => {
  it("is shown to whoever started it, and may be cancelled by nobody", async () => {
    await write((tx) => {
      forgetProject(tx, aProject());
      writeOperation(tx, undefined, anOperation({ createdBy: "nobody" }));
    });
    const demand: Demand = { resource: "operation", id: OPERATION, role: "viewer" };

    expect(await outcome(NOBODY, demand)).toBe("permitted");
    expect(await outcome(caller("other"), demand)).toBe("OPERATION_NOT_FOUND");
    expect(await outcome(NOBODY, { ...demand, role: "developer" })).toBe("PERMISSION_DENIED");
  });

  it("that everybody could have started shows itself to no anonymous caller", async () => {
    await write((tx) => writeOperation(tx, undefined, anOperation({ createdBy: ALL_USERS.id })));

    const demand: Demand = { resource: "operation", id: OPERATION, role: "viewer" };
    expect(await outcome(ANONYMOUS, demand)).toBe("UNAUTHENTICATED");
  });
});

describe("an operation of a community", () => {
  it("is its members' to see", async () => {
    const demand: Demand = { resource: "operation", id: COMMUNITY_OPERATION, role: "viewer" };

    expect(await outcome(caller("community-viewer"), demand)).toBe("permitted");
    expect(await outcome(caller("project-admin"), demand)).toBe("OPERATION_NOT_FOUND");
  });
});

describe("what was permitted", () => {
  it.each(RESOURCES.filter(([resource]) => resource !== "community" && resource !== "folder"))(
    "names the project of a %s",
    async (resource, id) => {
      const permitted = await permit(PLATFORM, { resource, id, role: "viewer" });

      expect(permitted).toEqual({ project: "demo" });
    },
  );
});

describe("a run older than its project's row", () => {
  it("is still the platform's to see, and nobody else's", async () => {
    await write((tx) => forgetProject(tx, aProject()));
    const demand: Demand = { resource: "run", id: RUN, role: "viewer" };

    expect(await outcome(PLATFORM, demand)).toBe("permitted");
    expect(await outcome(caller("project-admin"), demand)).toBe("RUN_NOT_FOUND");
  });
});

describe("the projects a caller sees", () => {
  const other = aProject({ id: projectId("other"), name: "other" });
  const ids = ["demo", "other", "nodemo", "demo"].map(projectId);

  async function seenBy(who: Caller): Promise<readonly string[]> {
    const seen = await world.store.snapshot(
      async (reader) => await visibleProjects(reader, who, ids),
    );
    return [...seen].toSorted();
  }

  it("are those it holds a role on, itself or through their community", async () => {
    await write((tx) => writeProject(tx, undefined, other));

    expect(await seenBy(caller("project-viewer"))).toEqual(["demo"]);
    expect(await seenBy(caller("community-viewer"))).toEqual(["demo", "other"]);
    expect(await seenBy(NOBODY)).toEqual([]);
    expect(await seenBy(ANONYMOUS)).toEqual([]);
    expect(await seenBy(PLATFORM)).toEqual(["demo", "nodemo", "other"]);
  });

  it("are none that is deleted", async () => {
    await write((tx) => writeProject(tx, aProject(), aProject({ deletedAt: START_AT })));

    expect(await seenBy(caller("community-admin"))).toEqual([]);
  });
});
