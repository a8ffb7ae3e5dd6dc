const INTERPRETER = /^(?:.*\/)?(?:python(?:\d+(?:\.\d+)?)?|bash|sh)$/;
const ASSIGNMENT = /^[A-Za-z_][0-9A-Za-z_]*=/;

/**
 * The program a command starts, as a path that may exist in the job's folder: the script after an
 * interpreter, the module after `python -m`, or the first word. The CLI uploads it unasked.
 */
export function mainScriptOf(command: string): string | undefined {
  const words = command
    .trim()
    .split(/\s+/)
    .map((word) => word.replace(/^(["'])(.*)\1$/, "$2"));
  const start = words.findIndex((word) => !ASSIGNMENT.test(word));
  const program = words[start];
  if (program === undefined || program === "") return undefined;
  if (!INTERPRETER.test(program)) return program;
  for (let index = start + 1; index < words.length; index += 1) {
    const word = words[index] ?? "";
    // What follows is code, not a file.
    if (word === "-c") return undefined;
    if (word === "-m") {
      const module = words[index + 1];
      return module === undefined ? undefined : `${module.replaceAll(".", "/")}.py`;
    }
    // Python's two options that take a value apart from their letter.
    if (word === "-X" || word === "-W") index += 1;
    else if (!word.startsWith("-")) return word;
  }
  return undefined;
}
