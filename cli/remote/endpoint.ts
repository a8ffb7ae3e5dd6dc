import { isIP } from "node:net";
import { OrreryError } from "../../shared/core/errors.ts";

/**
 * Reads where a deployed platform answers: `https://HOST[:PORT]`, or `http://` for this machine
 * alone, because a token goes with every request. Resolves to the address without a slash at its end.
 */
export function parseEndpoint(text: string): string {
  const url = URL.parse(text);
  const isPlainAddress =
    url !== null &&
    url.username === "" &&
    url.password === "" &&
    url.search === "" &&
    url.hash === "";
  if (!isPlainAddress || !/^https?:$/.test(url.protocol)) {
    throw wrong(text, "expected https://HOST, such as https://d5d….apigw.yandexcloud.net");
  }
  if (url.protocol === "http:" && !isThisMachine(url.hostname)) {
    throw wrong(text, "a token would be readable on its way: use https://");
  }
  return url.href.replace(/\/+$/, "");
}

/** The text itself may hold a password, so it is not repeated. */
function wrong(text: string, expected: string): OrreryError {
  const shown = /^[\w.:/-]{1,200}$/.test(text) ? ` ${text}` : "";
  return new OrreryError("USAGE", `The endpoint${shown} cannot be used: ${expected}`);
}

function isThisMachine(hostname: string): boolean {
  const name = hostname.replace(/^\[(.*)\]$/, "$1");
  if (isIP(name) === 4) return name.startsWith("127.");
  return name === "::1" || name === "localhost" || name.endsWith(".localhost");
}
