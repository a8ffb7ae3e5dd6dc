/** A request's text taken apart: what it declares, and each statement as a request of its own. */
export interface TakenApart {
  readonly declared: ReadonlyMap<string, string>;
  readonly statements: readonly string[];
}

export function takeApart(text: string): TakenApart {
  const lines = text.split("\n");
  const declarations = lines.filter((line) => line.startsWith("DECLARE "));
  const declared = new Map(
    declarations.map((line) => {
      const [, name = "", type = ""] = /^DECLARE (\$p\d+) AS (.+);$/.exec(line) ?? [];
      return [name, type];
    }),
  );
  const bodies = lines.slice(declarations.length);
  return { declared, statements: bodies.map((body) => alone(body, declared)) };
}

/** The statement with its own declarations in front and its parameters numbered from zero. */
function alone(body: string, declared: ReadonlyMap<string, string>): string {
  const own: string[] = [];
  const renumbered = body.replace(/\$p\d+/g, (name) => {
    own.push(`DECLARE $p${own.length} AS ${declared.get(name) ?? "nothing"};`);
    return `$p${own.length - 1}`;
  });
  return [...own, renumbered].join("\n");
}
