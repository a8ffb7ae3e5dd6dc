import { writeFileSync } from "node:fs";
import { registerHooks } from "node:module";

/** For `node --import`: writes the URLs of all modules that the process loaded, as it ends. */
const loaded = new Set<string>();
registerHooks({
  load: (url, context, next) => {
    loaded.add(url);
    return next(url, context);
  },
});
process.on("exit", () => {
  writeFileSync(process.env["LOADED_MODULES"] ?? "", [...loaded].join("\n"));
});
