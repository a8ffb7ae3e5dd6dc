import { copyFileSync, rmSync } from "node:fs";
import { build } from "esbuild";

/**
 * Bundles the command for `npm pack`: Node strips no types below `node_modules`, so the packed form
 * is plain JavaScript. Packages stay outside; npm installs them beside it.
 */
rmSync("dist", { recursive: true, force: true });
await build({
  entryPoints: ["cli/orrery.ts"],
  outdir: "dist",
  // Keeps what needs the right Node in a file of its own, loaded after its version is checked.
  splitting: true,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node22",
  packages: "external",
  sourcemap: true,
  logLevel: "warning",
});
// Python reads it at run time, from beside the chunk that names it.
copyFileSync("shared/adapters/process/notebook-driver.py", "dist/notebook-driver.py");
