import { readFileSync, writeFileSync } from "node:fs";
import { listing, LISTING_FILE, PAGE_FILE, withTables } from "./listing.ts";

/** Writes the listing and the tables of the page from the lists in the source. */
writeFileSync(LISTING_FILE, `${JSON.stringify(listing(), null, 2)}\n`);
writeFileSync(PAGE_FILE, withTables(readFileSync(PAGE_FILE, "utf8")));
process.stdout.write(`${LISTING_FILE} and ${PAGE_FILE} are written; format them.\n`);
