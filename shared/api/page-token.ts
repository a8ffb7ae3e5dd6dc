import type { OrreryError } from "../core/errors.ts";
import { wrongFields } from "../core/errors.ts";
import { limits } from "../core/limits.ts";

/** Where a page ended: the key of its last item. */
export type PagePlace = readonly (string | number)[];

/** The page size a request means: the usual one for 0, and what is allowed otherwise. */
export function pageSize(requested: bigint): number {
  if (requested < 0n || requested > BigInt(limits.pageItemsMax)) {
    throw wrong("page_size", `must be 0 to ${limits.pageItemsMax}, got ${requested}`);
  }
  return requested === 0n ? limits.pageItems : Number(requested);
}

/** Letters of a listing's name that a token begins with: 100 characters then hold a key of 65 bytes. */
const NAME_LETTERS = 3;

/** The opaque token for a place in a listing; empty behind the last page. */
export function encodePageToken(listing: string, place: PagePlace | undefined): string {
  if (place === undefined) return "";
  const text = JSON.stringify([listing.slice(0, NAME_LETTERS), ...place]);
  return Buffer.from(text, "utf8").toString("base64url");
}

/**
 * The place in a token, undefined for an empty one. A token that this listing did not give out is
 * `ARGUMENT_INVALID`; what is in the place is for the listing to check.
 */
export function decodePageToken(listing: string, token: string): PagePlace | undefined {
  if (token === "") return undefined;
  const [name, ...place] = token.length > limits.pageTokenChars ? [] : parsed(token);
  if (name !== listing.slice(0, NAME_LETTERS) || place.length === 0) throw wrongPageToken();
  return place;
}

/** For a token that decodes and still is none of its listing. */
export function wrongPageToken(): OrreryError {
  return wrong("page_token", "is none of this listing: list from the start");
}

function parsed(token: string): PagePlace {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
    const isPlace = (each: unknown): each is string | number =>
      typeof each === "string" ? isKey(each) : Number.isSafeInteger(each);
    return Array.isArray(value) && value.every(isPlace) ? value : [];
  } catch {
    return [];
  }
}

/** What a key column can hold: well-formed text without U+0000. */
function isKey(text: string): boolean {
  return !/[\0\p{Surrogate}]/u.test(text);
}

function wrong(field: string, description: string): OrreryError {
  return wrongFields([{ field, description }]);
}
