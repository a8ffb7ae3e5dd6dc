/** Shorter parts of a URL are words such as `hooks`; a token is longer. */
const TOKEN_CHARS = 6;
/** An answer is cut somewhere, perhaps inside a token: its beginning is enough to know it by. */
const PROBE_CHARS = 8;

/** Control, formatting and unassigned characters, and any white space: none may reach a terminal. */
const UNPRINTABLE = /[\p{C}\p{Z}\s]+/gu;

/**
 * The beginning of an answer as one printable line, empty where it has no text. Receivers like to
 * repeat what they were asked (`Cannot POST /hook?token=…`), so an answer that holds a part of the
 * URL behind its origin, or the secret, is not shown at all.
 */
export function answerExcerpt(
  start: Uint8Array,
  asked: { readonly url: URL; readonly secret: string | undefined },
): string {
  // Decoding as a stream leaves out the character that the cut went through.
  const text = new TextDecoder().decode(start, { stream: true });
  const isRepeating = privateParts(asked.url, asked.secret ?? "").some((part) =>
    text.includes(part.slice(0, PROBE_CHARS)),
  );
  if (isRepeating) return "(the answer repeats the request and is not shown)";
  return text.replaceAll(UNPRINTABLE, " ").trim();
}

function privateParts(url: URL, secret: string): readonly string[] {
  const path = decodedPath(url);
  const tokens = [
    ...[url.pathname, ...url.pathname.split("/"), path, ...path.split("/")],
    ...[...url.searchParams].flat(),
    ...[secret, secret.replace(/^whsec_/, "")],
  ].filter((part) => part.length >= TOKEN_CHARS);
  const [query = ""] = url.search.split("&", 1);
  return query === "" ? tokens : [query, ...tokens];
}

function decodedPath(url: URL): string {
  try {
    return decodeURIComponent(url.pathname);
  } catch {
    return url.pathname; // A stray % is allowed in a URL, and then nobody decodes it.
  }
}
