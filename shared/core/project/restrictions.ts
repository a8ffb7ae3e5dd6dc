import type { WrongField } from "../errors.ts";
import { limits } from "../limits.ts";
import type { Community, Project, Restriction } from "./project.ts";

/** Which list of a restriction holds its values. */
export type RestrictionType = "boolean" | "long" | "string";

/**
 * The restrictions there are. DataSphere publishes no list: the first four names are those its
 * console uses for switches of these meanings, `ALLOWED_INSTANCE_TYPES` is ours.
 */
export const RESTRICTIONS = {
  /** Kept, not enforced: there is no serverless mode any more. */
  SERVERLESS_BACKGROUND_CELLS: "boolean",
  /** `false`: nobody changes the size of a project's disk. */
  CHANGING_DISK_SIZE: "boolean",
  /** Kept, not enforced: nodes and aliases cannot be made through the API. */
  NODES_AND_ALIASES: "boolean",
  /** Kept, not enforced: no Data Proc clusters are made from templates here. */
  DATAPROC_TEMPLATES: "boolean",
  /** Jobs and notebooks run on these instance types alone. */
  ALLOWED_INSTANCE_TYPES: "string",
} as const satisfies Record<string, RestrictionType>;

type RestrictionName = keyof typeof RESTRICTIONS;

const MEMBERS = { boolean: "bools", long: "longs", string: "strings" } as const;
const FIELDS = { boolean: "bool_value", long: "long_value", string: "string_value" } as const;

/** What is wrong with restrictions as a caller gives them, by their paths in the request. */
export function checkRestrictions(given: readonly Restriction[]): readonly WrongField[] {
  const known = Object.keys(RESTRICTIONS).length;
  if (given.length > known) {
    const description = `There are ${known} restrictions, each is given once; got ${given.length}`;
    return [{ field: "restrictions", description }];
  }
  const wrong = given.flatMap((restriction, index) =>
    checkRestriction(restriction, `restrictions[${index}]`),
  );
  const names = given.map(({ name }) => name);
  const repeated = names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [{ field: `restrictions[${index}].name`, description: `${name} is given twice` }],
  );
  return [...wrong, ...repeated];
}

function checkRestriction(restriction: Restriction, field: string): readonly WrongField[] {
  const { name } = restriction;
  if (!isKnown(name)) {
    const known = Object.keys(RESTRICTIONS).join(", ");
    return [
      { field: `${field}.name`, description: `Unknown restriction ${name}: known are ${known}` },
    ];
  }
  const type = RESTRICTIONS[name];
  const wrong = (["boolean", "long", "string"] as const).flatMap((other) =>
    other === type || restriction[MEMBERS[other]].length === 0
      ? []
      : [{ field: `${field}.${FIELDS[other]}`, description: `${name} has ${type} values` }],
  );
  const description = checkValues(type, restriction[MEMBERS[type]]);
  return description === undefined
    ? wrong
    : [...wrong, { field: `${field}.${FIELDS[type]}`, description: `${name} has ${description}` }];
}

/** What a restriction of this type has instead of these values. */
function checkValues(
  type: RestrictionType,
  values: readonly (boolean | number | string)[],
): string | undefined {
  const { restrictionValues: most, restrictionValueChars: chars } = limits;
  if (type === "boolean")
    return values.length === 1 ? undefined : `one value, got ${values.length}`;
  if (values.length > most) return `at most ${most} values, got ${values.length}`;
  return values.some((value) => String(value).length > chars)
    ? `values of at most ${chars} characters`
    : undefined;
}

function isKnown(name: string): name is RestrictionName {
  return Object.hasOwn(RESTRICTIONS, name);
}

type Restricted = Pick<Project | Community, "restrictions">;

/**
 * The instance types on which a project's jobs and notebooks may run, or undefined where any will
 * do. Both lists bind where project and community have one; an empty list allows nothing.
 */
export function allowedInstanceTypes(
  project: Restricted,
  community: Restricted | undefined,
): ReadonlySet<string> | undefined {
  const lists = [project, community].flatMap((holder) => {
    const found = holder && find(holder, "ALLOWED_INSTANCE_TYPES");
    return found === undefined ? [] : [found.strings];
  });
  const [first, ...others] = lists;
  if (first === undefined) return undefined;
  return new Set(first.filter((type) => others.every((list) => list.includes(type))));
}

/** Whether the disk of a project may be resized: neither it nor its community forbids that. */
export function mayResizeDisk(project: Restricted, community: Restricted | undefined): boolean {
  return [project, community].every((holder) => {
    const found = holder && find(holder, "CHANGING_DISK_SIZE");
    return found === undefined || found.bools[0] !== false;
  });
}

function find(holder: Restricted, name: RestrictionName): Restriction | undefined {
  return holder.restrictions.find((restriction) => restriction.name === name);
}
