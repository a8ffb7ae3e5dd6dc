import { getOption, type DescService } from "@bufbuild/protobuf";
import { registry } from "../../shared/api/any.ts";
import { ROLES } from "../../shared/core/access/access.ts";
import { access, Resource, Role } from "../../shared/gen/orrery/options/v1/options_pb.ts";

/** What stands for a resource in `docs/access.md`. */
const RESOURCES: Readonly<Partial<Record<Resource, string>>> = {
  [Resource.OPEN]: "nothing, not even a token",
  [Resource.NOTHING]: "a known token",
  [Resource.PLATFORM]: "the platform's token",
  [Resource.COMMUNITY]: "the community",
  [Resource.FOLDER]: "the folder",
  [Resource.PROJECT]: "the project",
  [Resource.JOB]: "the job's project",
  [Resource.OPERATION]: "the operation's project or community",
  [Resource.RUN]: "the run's project",
  [Resource.SCHEDULE]: "the schedule's project",
};

const ROLE_NAMES: Readonly<Partial<Record<Role, string>>> = {
  [Role.VIEWER]: "viewer",
  [Role.DEVELOPER]: "developer",
  [Role.EDITOR]: "editor",
  [Role.ADMIN]: "admin",
};

/** The rows of the table of methods, as the options of the protos say it. */
export function accessRows(): readonly string[] {
  const services = Array.from(registry).flatMap((type): readonly DescService[] =>
    type.kind === "service" ? [type] : [],
  );
  return services.toSorted((a, b) => (a.typeName < b.typeName ? -1 : 1)).flatMap(rowsOf);
}

function rowsOf(service: DescService): readonly string[] {
  const groups = new Map<string, { readonly rank: number; readonly methods: string[] }>();
  const add = (need: { readonly on: string; readonly role: string }, method: string): void => {
    const { on, role } = need;
    const key = `${on} | ${role}`;
    const group = groups.get(key) ?? {
      rank: ROLES.findIndex((each) => each === role),
      methods: [],
    };
    groups.set(key, group);
    group.methods.push(method);
  };
  for (const method of service.methods) {
    const { resource, role, fieldRoles } = getOption(method, access);
    const on = RESOURCES[resource] ?? "?";
    const bare = [Resource.OPEN, Resource.NOTHING, Resource.PLATFORM] as readonly Resource[];
    add({ on, role: bare.includes(resource) ? "–" : nameOf(role) }, `\`${method.name}\``);
    for (const { path, role: higher } of fieldRoles) {
      add({ on, role: nameOf(higher) }, `\`${path}\` in \`${method.name}\``);
    }
  }
  const name = shortName(service);
  return [...groups]
    .toSorted(([, a], [, b]) => a.rank - b.rank)
    .map(([need, { methods }]) => `| ${name} | ${need} | ${methods.join(", ")} |`);
}

function nameOf(role: Role): string {
  return ROLE_NAMES[role] ?? "?";
}

function shortName(service: DescService): string {
  return service.typeName.replace(/^yandex\.cloud\.(datasphere\.)?/, "");
}
