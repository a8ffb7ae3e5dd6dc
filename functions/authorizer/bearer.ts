import { limits } from "../../shared/core/limits.ts";

/** What of an authorizer's event says who calls. Source: API Gateway, "Function authorizer". */
interface AuthorizerEvent {
  readonly headers?: unknown;
}

/** As the API reads it (`shared/usecases/access/authenticate.ts`). */
const BEARER = new RegExp(`^bearer +([\\x21-\\x7e]{1,${limits.tokenChars}})$`, "i");

/**
 * The `Authorization` header that an event carries, where it can hold a token. It is read by hand:
 * this function stands before every call, and a parser would be most of what it loads.
 */
export function bearerOf({ headers }: AuthorizerEvent): string | undefined {
  if (typeof headers !== "object" || headers === null) return undefined;
  const found = Object.entries(headers as Record<string, unknown>).filter(
    ([name]) => name.toLowerCase() === "authorization",
  );
  const [[, value] = []] = found;
  // Two of them mean that somebody between us reads another one than we do.
  if (found.length !== 1 || typeof value !== "string") return undefined;
  const token = BEARER.exec(value.trim())?.[1];
  return token === undefined ? undefined : `Bearer ${token}`;
}
