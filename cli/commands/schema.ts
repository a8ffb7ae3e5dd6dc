import { Command } from "commander";
import { configurationJsonSchema } from "../../shared/config/json-schema.ts";
import { printJson, type Terminal } from "../terminal.ts";

/** `orrery schema`: what an editor needs to complete and check a schedules file while it is typed. */
export function schemaCommand(terminal: Terminal): Command {
  return new Command("schema")
    .summary("print the JSON Schema of a schedules file, for editors")
    .description(
      "Prints the JSON Schema of a schedules file. Save it beside the file and name it in the " +
        "file's first line, and an editor completes keys and marks mistakes. `validate` checks " +
        "more: zones, dates, references and jobs.",
    )
    .addHelpText(
      "after",
      "\nExample:\n  orrery schema > orrery.schema.json\n" +
        "  # yaml-language-server: $schema=./orrery.schema.json",
    )
    .action(() => {
      printJson(terminal, configurationJsonSchema());
    });
}
