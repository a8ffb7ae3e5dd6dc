import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { updatePaths, withMasked } from "../../shared/api/update-mask.ts";
import { OrreryError } from "../../shared/core/errors.ts";
import {
  Project_Settings_Ide,
  ProjectSchema,
  type Project,
} from "../../shared/gen/yandex/cloud/datasphere/v2/project_pb.ts";
import { UpdateProjectRequestSchema } from "../../shared/gen/yandex/cloud/datasphere/v2/project_service_pb.ts";

const UPDATABLE = ["name", "description", "labels", "settings", "limits"];

const mask = (...paths: readonly string[]) => ({
  $typeName: "google.protobuf.FieldMask" as const,
  paths: [...paths],
});

const project = create(ProjectSchema, {
  id: "bt1",
  name: "old",
  description: "kept",
  labels: { team: "ml" },
  settings: { subnetId: "subnet-1", ide: Project_Settings_Ide.JUPYTER_LAB, earlyAccess: true },
  limits: { maxUnitsPerHour: 100n, maxUnitsPerExecution: 10n },
});

function updated(
  source: MessageInitShape<typeof UpdateProjectRequestSchema>,
  ...paths: readonly string[]
): Project {
  const target = { schema: ProjectSchema, message: project };
  const schema = UpdateProjectRequestSchema;
  return withMasked(target, { schema, message: create(schema, source) }, paths);
}

function refused(...paths: readonly string[]): readonly string[] {
  try {
    updatePaths(ProjectSchema, mask(...paths), UPDATABLE);
  } catch (error) {
    if (error instanceof OrreryError && error.code === "ARGUMENT_INVALID") {
      return error.fields.map(({ field, description }) => `${field}: ${description}`);
    }
  }
  return [];
}

describe("the paths of an update", () => {
  it.each([undefined, mask()])("are all that may be updated without any named", (none) => {
    expect(updatePaths(ProjectSchema, none, UPDATABLE)).toEqual(UPDATABLE);
  });

  it("may lead into messages", () => {
    const paths = ["name", "settings.subnet_id", "limits.max_units_per_hour"];

    expect(updatePaths(ProjectSchema, mask(...paths), UPDATABLE)).toEqual(paths);
  });

  it.each([
    "title",
    "",
    "*",
    "settings.",
    "settings.subnetId",
    "settings.subnet_id.value",
    "labels.team",
    "limits.max_units_per_hour.value",
    "name.name",
    "constructor",
    "x".repeat(10_000),
  ])("lead somewhere: %s does not", (path) => {
    const [told = ""] = refused("name", path);

    expect(told).toContain("is no field of a Project");
    expect(told.length).toBeLessThan(300);
  });

  it.each(["id", "community_id", "created_by_id", "created_at"])("leave %s alone", (path) => {
    expect(refused(path)).toEqual([
      `update_mask: ${path} cannot be changed; these can: name, description, labels, settings, limits`,
    ]);
  });

  it("are told all at once where several are wrong", () => {
    expect(refused("id", "title", "name")).toHaveLength(2);
  });
});

describe("a field that a mask names", () => {
  it("is taken over, and nothing else", () => {
    const after = updated({ name: "new", description: "ignored" }, "name");

    expect(after).toEqual({ ...project, name: "new" });
    expect(project.name).toBe("old");
  });

  it("is reset where the source does not set it", () => {
    const after = updated({}, "name", "labels", "limits.max_units_per_hour", "settings.subnet_id");

    expect(after).toMatchObject({ name: "", description: "kept", labels: {} });
    expect(after.limits).toEqual({
      $typeName: "yandex.cloud.datasphere.v2.Project.Limits",
      maxUnitsPerExecution: 10n,
    });
    expect(after.settings).toMatchObject({ subnetId: "", earlyAccess: true });
  });

  it("replaces a whole message, with all that is in it", () => {
    const after = updated({ settings: { subnetId: "subnet-2" } }, "settings");

    expect(after.settings).toMatchObject({ subnetId: "subnet-2", earlyAccess: false });
    expect(updated({}, "settings").settings).toBeUndefined();
  });

  it("inside a message leaves its neighbours alone", () => {
    const source = { settings: { subnetId: "subnet-2", securityGroupIds: ["sg-1"] } };

    const after = updated(source, "settings.subnet_id", "settings.security_group_ids");

    expect(after.settings).toMatchObject({
      subnetId: "subnet-2",
      securityGroupIds: ["sg-1"],
      earlyAccess: true,
      ide: Project_Settings_Ide.JUPYTER_LAB,
    });
  });

  it("may be zero, which is not unset", () => {
    const after = updated({ limits: { maxUnitsPerHour: 0n } }, "limits.max_units_per_hour");

    expect(after.limits?.maxUnitsPerHour).toBe(0n);
  });
});
