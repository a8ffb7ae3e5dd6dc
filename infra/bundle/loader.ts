/**
 * What a function's entry point is: a few lines that load the bundle beside it. Reading one file and
 * handing it to V8 with the code that V8 once made of it takes a third of what `require` takes.
 *
 * B1 The code cache is for one version of Node and one kind of processor; its name says which, so
 *    any other finds none. Where V8 refuses it all the same (other flags), it compiles the text.
 * B2 The source map is read only when somebody reads a stack.
 */

/** Stands before and behind the bundle's text; what V8 keeps belongs to this whole. */
export const MODULE_HEAD = "(function (exports, require, module, __filename, __dirname) {\n";
export const MODULE_TAIL = "\n})";

export const BUNDLE_FILE = "bundle.js";
export const MAP_FILE = "bundle.js.map";

/** The name of the code cache that this Node may use. */
export function cacheFile(version: string, arch: string): string {
  return `bundle-${version}-${arch}.cache`;
}

export const LOADER = `"use strict";
// Loads ${BUNDLE_FILE}, with V8's code cache where this Node has one, and tells stacks by their sources.
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { Script } = require("node:vm");

const filename = join(__dirname, "${BUNDLE_FILE}");

const found = (name) => {
  try {
    return readFileSync(join(__dirname, name));
  } catch {
    return undefined;
  }
};

const text = ${JSON.stringify(MODULE_HEAD)} + readFileSync(filename, "latin1") + ${JSON.stringify(MODULE_TAIL)};
const cachedData = found("bundle-" + process.version + "-" + process.arch + ".cache");
const script = new Script(text, { filename, lineOffset: -1, cachedData });

let map;
const sourceOf = (line, column) => {
  if (map === undefined) {
    const json = found("${MAP_FILE}");
    const { SourceMap } = require("node:module");
    map = json === undefined ? null : new SourceMap(JSON.parse(json.toString("utf8")));
  }
  const { originalSource, originalLine, originalColumn } = map?.findEntry(line - 1, column - 1) ?? {};
  if (originalSource === undefined) return undefined;
  return originalSource + ":" + (originalLine + 1) + ":" + (originalColumn + 1);
};

const told = (frame) => {
  if (frame.getFileName() !== filename) return frame.toString();
  const [line, column] = [frame.getLineNumber(), frame.getColumnNumber()];
  const source = sourceOf(line, column);
  const place = filename + ":" + line + ":" + column;
  return source === undefined ? frame.toString() : frame.toString().replace(place, source);
};

Error.prepareStackTrace = (error, frames) => {
  const head = Error.prototype.toString.call(error);
  try {
    return [head, ...frames.map((frame) => "    at " + told(frame))].join("\\n");
  } catch {
    return [head, ...frames.map((frame) => "    at " + frame.toString())].join("\\n");
  }
};

const refused = script.cachedDataRejected;
const codeCache = cachedData === undefined ? "absent" : refused ? "refused" : "used";
// The first call's log line says it.
globalThis[Symbol.for("orrery.codeCache")] = codeCache;
script.runInThisContext()(exports, require, module, filename, __dirname);
module.exports.codeCache = codeCache;
`;
