/**
 * Tells which texts a listing's pattern means: case does not matter; a pattern with `*` (any
 * characters) or `?` (one character) describes the whole text, any other is a part of it. An empty
 * pattern matches everything.
 */
export function nameMatcher(pattern: string): (text: string) => boolean {
  const wanted = Array.from(pattern.toLowerCase().replaceAll(/\*+/g, "*"));
  if (!wanted.includes("*") && !wanted.includes("?")) {
    const part = wanted.join("");
    return (text) => text.toLowerCase().includes(part);
  }
  return (text) => matchesWhole(Array.from(text.toLowerCase()), wanted);
}

/**
 * Greedy with one step back, so that no pattern takes longer than the product of both lengths; a
 * regular expression of many stars could take years. A pattern that wants more than there is does
 * not match, however long it is.
 */
function matchesWhole(text: readonly string[], pattern: readonly string[]): boolean {
  // Stars stand apart, so of n others there are at most n + 1.
  if (pattern.length > 2 * text.length + 1) return false;
  let at = 0;
  let next = 0;
  let star = -1;
  let resumeAt = 0;
  while (at < text.length) {
    if (pattern[next] === "*") {
      star = next;
      next += 1;
      resumeAt = at;
    } else if (pattern[next] === "?" || pattern[next] === text[at]) {
      next += 1;
      at += 1;
    } else if (star >= 0) {
      resumeAt += 1;
      at = resumeAt;
      next = star + 1;
    } else {
      return false;
    }
  }
  return pattern.slice(next).every((each) => each === "*");
}
