import { OrreryError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import { limits } from "../../core/limits.ts";
import { storagePath } from "../../core/project/storage-path.ts";
import type { Instant } from "../../core/time/instant.ts";
import { requireProject } from "../projects/require-project.ts";
import type { Services } from "../services.ts";
import { findCheckpoint } from "./find-checkpoint.ts";

type ReadServices = Pick<Services, "store">;

/** The outputs of a cell, as text, from its latest checkpoint or from a given one. */
export async function getCellOutputs(
  { store }: ReadServices,
  wanted: {
    readonly project: string;
    readonly cell: string;
    readonly checkpoint: string;
    readonly startAt?: Instant;
  },
): Promise<readonly string[]> {
  const { cell, checkpoint, startAt } = wanted;
  const { id } = await store.snapshot(
    async (reader) => await requireProject(reader, wanted.project),
  );
  const { cells } = await findCheckpoint(store, id, {
    what: `an execution of cell ${cell}`,
    has: (result) => result.cells.some((each) => each.id === cell),
    checkpoint,
    ...(startAt === undefined ? {} : { startAt }),
  });
  return cells.find((each) => each.id === cell)?.outputs ?? [];
}

/**
 * Variables of a notebook at its latest checkpoint or at a given one: those with these names, or
 * all. `VARIABLE_NOT_FOUND` names those that the checkpoint does not have.
 */
export async function getStateVariables(
  { store }: ReadServices,
  wanted: {
    readonly project: string;
    readonly notebook: string;
    readonly names: readonly string[];
    readonly checkpoint: string;
  },
): Promise<Readonly<Record<string, Json>>> {
  const { notebook, names, checkpoint } = wanted;
  const path = storagePath(notebook);
  const { id } = await store.snapshot(
    async (reader) => await requireProject(reader, wanted.project),
  );
  const { variables } = await findCheckpoint(store, id, {
    what: `an execution of notebook ${notebook}`,
    has: (result) => result.path === path,
    checkpoint,
  });
  if (names.length === 0) return variables;
  const missing = names.filter((name) => !Object.hasOwn(variables, name));
  if (missing.length > 0) {
    const named = missing.slice(0, NAMED).join(", ");
    const more = missing.length > NAMED ? ` and ${missing.length - NAMED} more` : "";
    throw new OrreryError(
      "VARIABLE_NOT_FOUND",
      `The checkpoint of notebook ${notebook} has no variable ${named}${more}: it keeps ` +
        `${limits.notebookVariablesBytes} bytes, what output_variable_names names first`,
    );
  }
  return Object.fromEntries(names.map((name) => [name, variables[name] ?? null]));
}

/** Names that an error lists: they travel in a header. */
const NAMED = 5;
