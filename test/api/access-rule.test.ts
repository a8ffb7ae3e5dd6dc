import { create, setExtension, type DescMethod, type MessageInitShape } from "@bufbuild/protobuf";
import { MethodOptionsSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { methodRule } from "../../shared/api/access-rule.ts";
import {
  access,
  AccessRuleSchema,
  Resource,
  Role,
} from "../../shared/gen/orrery/options/v1/options_pb.ts";
import {
  CreateProjectRequestSchema,
  ProjectService,
  UpdateProjectRequestSchema,
} from "../../shared/gen/yandex/cloud/datasphere/v2/project_service_pb.ts";

/** A method of ours under another access rule. */
function under(method: DescMethod, rule: MessageInitShape<typeof AccessRuleSchema>): DescMethod {
  const options = create(MethodOptionsSchema);
  setExtension(options, access, create(AccessRuleSchema, rule));
  return { ...method, proto: { ...method.proto, options } };
}

describe("a field that needs a higher role", () => {
  const rule = {
    resource: Resource.PROJECT,
    field: "project_id",
    role: Role.EDITOR,
    fieldRoles: [{ path: "settings.ide", role: Role.ADMIN }],
  };
  const { demand } = methodRule(under(ProjectService.method.update, rule));

  it.each([
    [["settings"], "admin"],
    [["settings.ide"], "admin"],
    [["name", "settings.ide"], "admin"],
    [["*"], "admin"],
    [["settings.subnet_id"], "editor"],
    [["settings_ide"], "editor"],
    [["set"], "editor"],
  ])("masked by %j makes an update need the role %s", (paths, role) => {
    const request = create(UpdateProjectRequestSchema, {
      projectId: "demo",
      updateMask: { paths },
    });

    expect(demand(request)).toEqual({ resource: "project", id: "demo", role });
  });

  it.each<[MessageInitShape<typeof UpdateProjectRequestSchema>, string]>([
    [{ settings: { ide: 1 } }, "admin"],
    [{ settings: { subnetId: "x" } }, "editor"],
    [{ settings: { ide: 1 }, updateMask: { paths: [] } }, "admin"],
    [{ settings: { ide: 1 }, updateMask: { paths: ["name"] } }, "editor"],
    [{}, "editor"],
  ])("in %j makes an update need the role %s", (init, role) => {
    expect(demand(create(UpdateProjectRequestSchema, init))).toMatchObject({ role });
  });

  it("never lowers what its method needs", () => {
    const fieldRoles = [{ path: "settings.ide", role: Role.VIEWER }];
    const lower = methodRule(under(ProjectService.method.update, { ...rule, fieldRoles }));

    const request = create(UpdateProjectRequestSchema, { settings: { ide: 1 } });
    expect(lower.demand(request)).toMatchObject({ role: "editor" });
  });

  it("counts by being set in a method that has no mask", () => {
    const { demand: creation } = methodRule(
      under(ProjectService.method.create, {
        ...rule,
        resource: Resource.COMMUNITY,
        field: "community_id",
        fieldRoles: [{ path: "limits", role: Role.ADMIN }],
      }),
    );

    const limits = { maxUnitsPerHour: 1n };
    expect(creation(create(CreateProjectRequestSchema, { limits }))).toMatchObject({
      role: "admin",
    });
    expect(creation(create(CreateProjectRequestSchema))).toMatchObject({ role: "editor" });
  });
});
