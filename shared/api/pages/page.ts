import { createHash } from "node:crypto";

const STYLE = [
  "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}",
  "dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.5rem}",
  "dt{color:#555}dd{margin:0;overflow-wrap:anywhere}",
].join("");

const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

/** A page runs nothing, loads nothing, stands in no frame, and tells nobody where it was. */
export const pageHeaders: Readonly<Record<string, string>> = {
  "Content-Type": "text/html; charset=utf-8",
  "Cache-Control": "no-store",
  "Content-Security-Policy": `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

/** HTML as it is; any other text is escaped on its way into a page. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Puts values into HTML; a text is escaped, a list is joined. */
export function markup(
  parts: TemplateStringsArray,
  ...values: readonly (string | number | Html | readonly Html[])[]
): Html {
  return new Html(
    parts
      .map((part, index) => part + (index < values.length ? shown(values[index] ?? "") : ""))
      .join(""),
  );
}

function shown(value: string | number | Html | readonly Html[]): string {
  if (value instanceof Html) return value.text;
  if (typeof value === "object") return value.map(({ text }) => text).join("");
  return String(value).replaceAll(/[&<>"']/g, (each) => `&#${each.charCodeAt(0)};`);
}

/** A whole document. */
export function page(title: string, content: Html): string {
  const lines = [
    markup`<!doctype html>`,
    markup`<html lang="en">`,
    markup`<meta charset="utf-8">`,
    markup`<meta name="viewport" content="width=device-width">`,
    markup`<title>${title}</title>`,
    markup`<style>${new Html(STYLE)}</style>`,
    markup`<h1>${title}</h1>`,
    content,
    markup`</html>`,
  ];
  return lines.map(({ text }) => `${text}\n`).join("");
}
