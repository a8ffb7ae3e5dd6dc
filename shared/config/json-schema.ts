import * as z from "zod";
import { configurationSchema } from "./configuration-schema.ts";

/** The JSON Schema of a schedules file, for editors; it comes from the schema the reader uses. */
export function configurationJsonSchema(): object {
  return z.toJSONSchema(configurationSchema, { io: "input" });
}
