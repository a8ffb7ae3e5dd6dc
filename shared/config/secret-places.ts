type Path = readonly (string | number)[];

/** From an offset of a text up to another. */
export type Span = readonly [from: number, to: number];

/** Keys of our files with a password, a token, or such a thing somewhere inside. */
const SECRET_PARTS: ReadonlySet<string | number> = new Set(["webhook", "docker", "vars"]);
/** What people call a secret itself; a URL may hold a login, and many a path is a token. */
const SECRET_NAME = /secret|password|token|url/i;
/** Sections whose keys are names that people choose: a schedule may be called `docker`. */
const NAMED_SECTIONS: ReadonlySet<string | number> = new Set([
  "schedules",
  "notifications",
  "projects",
]);

/** Whether a value at this path may be a secret, and so must not be repeated. */
export function mayBeSecret(path: Path): boolean {
  const keys = NAMED_SECTIONS.has(path[0] ?? "") ? path.slice(2) : path;
  return keys.some((key) => SECRET_PARTS.has(key)) || SECRET_NAME.test(String(keys.at(-1)));
}

/** Whether a text at this path is more than a reference to a secret, or than a URL's host. */
export function isHidden(path: Path, text: string): boolean {
  if (/^\$\{env:\w*\}$/.test(text) || /^\w+:\/\/[\w.:-]+\/?$/.test(text)) return false;
  return mayBeSecret(path);
}

/** Cuts a line of a text that does not parse after whatever may announce a secret. */
export function withoutSecrets(line: string, lineBefore: string): string {
  if (SECRET_NAME.test(lineBefore)) return "…";
  // One pass from the left: a line may be as long as the file.
  const announced = /secret|password|token|url|webhook|docker|vars|:\/\//i.exec(line);
  return announced === null ? line : `${line.slice(0, announced.index + announced[0].length)}…`;
}
