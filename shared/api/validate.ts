import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { WrongField } from "../core/errors.ts";
import { messageCheck } from "./validation/message-check.ts";
import { Violations } from "./validation/violations.ts";

/**
 * Reads the rules that the protos state for a message (`yandex/cloud/validation.proto`) and for those
 * inside it, once. The returned function names every field that breaks one, by its path in proto
 * names: `labels[env]`, `job_parameters.input_files[2].desc`. `skipped` are paths of fields whose own
 * rules do not hold here. A rule that cannot be read is a bug: it throws at once.
 *
 * An empty scalar is absent, and only `required` speaks of it; `size` speaks of empty lists too.
 */
export function compileValidator(
  schema: DescMessage,
  skipped: readonly string[] = [],
): (message: Message) => readonly WrongField[] {
  const check = messageCheck(schema, skipped);
  if (check === undefined) return () => [];
  return (message) => {
    const violations = new Violations();
    check(message, "", violations);
    return violations.found;
  };
}
