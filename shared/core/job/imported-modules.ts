const IMPORT = /^[ \t]*import[ \t]+([^#\n]+)/gm;
const FROM = /^[ \t]*from[ \t]+([A-Za-z_]\w*)[\w.]*[ \t]+import\b/gm;
const MODULE = /^[ \t]*([A-Za-z_]\w*)/;

/**
 * The top-level names a Python source imports by name. It reads lines, not grammar: an import
 * inside a string is taken for one, which costs a needless copy, and one that a program computes
 * is not seen, so such a module must be listed in `local-paths`.
 */
export function importedModules(source: string): readonly string[] {
  const names = new Set<string>();
  for (const [, list = ""] of source.matchAll(IMPORT)) {
    for (const item of list.split(",")) {
      const name = MODULE.exec(item)?.[1];
      if (name !== undefined) names.add(name);
    }
  }
  for (const [, name = ""] of source.matchAll(FROM)) names.add(name);
  return [...names];
}
