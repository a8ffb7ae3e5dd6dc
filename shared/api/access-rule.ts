import {
  getOption,
  hasOption,
  ScalarType,
  type DescMethod,
  type Message,
} from "@bufbuild/protobuf";
import type { FieldMask } from "@bufbuild/protobuf/wkt";
import { assert } from "../core/assert.ts";
import { ROLES, type Role } from "../core/access/access.ts";
import {
  access,
  Resource,
  Role as RoleOption,
  type AccessRule,
} from "../gen/orrery/options/v1/options_pb.ts";
import type { Demand } from "../usecases/access/look-up.ts";
import type { NamedResource } from "../usecases/access/denial.ts";
import { findField, type FieldReader } from "./field-path.ts";

/** A method's access rule, read once. */
export interface MethodRule {
  readonly mutates: boolean;
  /** The request's field that names the resource; absent where no field does. */
  readonly field?: string;
  /** What a request demands of its caller. */
  readonly demand: (request: Message) => Demand;
}

/** Reads the rule of a method. One that is missing or makes no sense is a bug: the start fails. */
export function methodRule(method: DescMethod): MethodRule {
  assert(hasOption(method, access), `${method.toString()} has an access rule`);
  const rule = getOption(method, access);
  const { mutates, field } = rule;
  const bare = BARE.get(rule.resource);
  if (bare !== undefined) {
    assert(field === "", `${method.toString()} names no field for ${bare}`);
    const demand: Demand = { resource: bare };
    return { mutates, demand: () => demand };
  }
  const resource = NAMED.get(rule.resource);
  assert(resource !== undefined, `${method.toString()} demands a role on a known resource`);
  const readId = idReader(method, field);
  const readRole = roleReader(method, rule);
  return {
    mutates,
    field,
    demand: (request) => ({ resource, id: readId(request), role: readRole(request) }),
  };
}

function idReader(method: DescMethod, path: string): (request: Message) => string {
  const found = findField(method.input, path);
  assert(
    found?.field.fieldKind === "scalar" && found.field.scalar === ScalarType.STRING,
    `${method.toString()} has the text field ${path} that its access rule names`,
  );
  const { read } = found;
  return (request) => (read(request) as string | undefined) ?? "";
}

/** The method's role, or a higher one that a field of the request needs. */
function roleReader(method: DescMethod, rule: AccessRule): (request: Message) => Role {
  const role = roleOf(method, rule.role);
  const fields = rule.fieldRoles.map(({ path, role: higher }) => ({
    role: roleOf(method, higher),
    isTouched: touchReader(method, path),
  }));
  if (fields.length === 0) return () => role;
  return (request) =>
    fields
      .filter(({ isTouched }) => isTouched(request))
      .map((each) => each.role)
      .reduce((a, b) => (ROLES.indexOf(a) < ROLES.indexOf(b) ? b : a), role);
}

/**
 * Whether a request says something of the field: by an update mask that names it, its parent or
 * something inside it, or without a mask by setting it. What an update without a mask resets by
 * leaving it out is for the use case to see, which knows whether that changes anything.
 */
function touchReader(method: DescMethod, path: string): (request: Message) => boolean {
  const found = findField(method.input, path);
  assert(found !== undefined, `${method.toString()} has the field ${path} that a field role names`);
  const { read } = found;
  const readMask = maskReader(method);
  return (request) => {
    const paths = (readMask?.(request) as FieldMask | undefined)?.paths ?? [];
    return paths.length === 0 ? isSet(read(request)) : paths.some((each) => overlaps(each, path));
  };
}

function maskReader(method: DescMethod): FieldReader | undefined {
  const mask = method.input.fields.find(
    (field) => field.message?.typeName === "google.protobuf.FieldMask",
  );
  return mask && findField(method.input, mask.name)?.read;
}

function overlaps(a: string, b: string): boolean {
  return a === "*" || a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);
}

function isSet(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== "" && value !== 0 && value !== 0n && value !== false;
}

function roleOf(method: DescMethod, option: RoleOption): Role {
  const role = ROLE_OPTIONS.get(option);
  assert(role !== undefined, `${method.toString()} demands a known role`);
  return role;
}

const ROLE_OPTIONS: ReadonlyMap<RoleOption, Role> = new Map<RoleOption, Role>([
  [RoleOption.VIEWER, "viewer"],
  [RoleOption.DEVELOPER, "developer"],
  [RoleOption.EDITOR, "editor"],
  [RoleOption.ADMIN, "admin"],
]);

const BARE: ReadonlyMap<Resource, "open" | "nothing" | "platform"> = new Map<
  Resource,
  "open" | "nothing" | "platform"
>([
  [Resource.OPEN, "open"],
  [Resource.NOTHING, "nothing"],
  [Resource.PLATFORM, "platform"],
]);

const NAMED: ReadonlyMap<Resource, NamedResource> = new Map<Resource, NamedResource>([
  [Resource.COMMUNITY, "community"],
  [Resource.FOLDER, "folder"],
  [Resource.PROJECT, "project"],
  [Resource.JOB, "job"],
  [Resource.OPERATION, "operation"],
  [Resource.RUN, "run"],
  [Resource.SCHEDULE, "schedule"],
]);
