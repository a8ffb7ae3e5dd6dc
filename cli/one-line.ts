/**
 * Text from elsewhere, fit for one line of a screen: no control characters, which could do more to
 * a terminal than show, and cut at `charsMax`.
 */
export function oneLine(text: string, charsMax = Infinity): string {
  const line = text
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim()
    .toWellFormed();
  return line.length > charsMax ? `${line.slice(0, charsMax - 1).toWellFormed()}…` : line;
}

/** `1 run`, `2 runs`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
