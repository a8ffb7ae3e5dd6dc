import type { Plugin } from "esbuild";
import { type Narrowed, NARROWED } from "./narrowed.ts";

const NAMESPACE = "narrowed";

/** Puts into a bundle what `NARROWED` has in place of packages and their files. */
export const narrowPackages: Plugin = {
  name: "narrow-packages",
  setup(build) {
    const { absWorkingDir: project = process.cwd() } = build.initialOptions;
    const files = new Map(
      NARROWED.filter(({ what }) => /\.\w+$/.test(what)).map((each) => [each.what, each]),
    );
    for (const narrowed of NARROWED) {
      if (files.has(narrowed.what)) continue;
      const filter = new RegExp(`^${narrowed.what.replace("/", "\\/")}$`);
      build.onResolve({ filter }, ({ importer }) =>
        isImportedBy(narrowed, importer)
          ? { path: narrowed.what, namespace: NAMESPACE }
          : undefined,
      );
      build.onLoad({ filter, namespace: NAMESPACE }, () => ({
        contents: narrowed.contents(),
        resolveDir: project,
      }));
    }
    build.onLoad({ filter: /[\\/]node_modules[\\/](?:ydb-sdk|cron-parser)/ }, ({ path }) => {
      const inPackage = path.replaceAll("\\", "/").replace(/^.*\/node_modules\//, "");
      const narrowed = files.get(inPackage);
      return narrowed === undefined ? undefined : { contents: narrowed.contents(), loader: "js" };
    });
  },
};

function isImportedBy({ importer: only }: Narrowed, importer: string): boolean {
  if (only === undefined) return true;
  return importer.replaceAll("\\", "/").includes(`/node_modules/${only}/`);
}
