/**
 * The cloud's Node runtime in small: loads the entry point of an unpacked archive, and then calls the
 * handler with each event that comes over the channel. It runs by `node -e`, so that nothing of this
 * project is on its disk. Source: Cloud Functions, "Node.js runtime": handler, context, errors.
 */
export const RUNTIME = `"use strict";
const { performance } = require("node:perf_hooks");
const [, entry, exported] = process.argv;

const tell = (message) => new Promise((sent) => process.send(message, sent));
const errorOf = (error) => {
  const isError = error instanceof Error;
  return {
    errorMessage: isError ? error.message : String(error),
    errorType: isError ? error.name : typeof error,
    stackTrace: isError
      ? String(error.stack).split("\\n").filter((line) => /^ {4}at /.test(line)).map((line) => line.trim())
      : [],
  };
};

const payloadOf = (event) => {
  if (typeof event?.body !== "string") return undefined;
  const text = Buffer.from(event.body, event.isBase64Encoded ? "base64" : "utf8").toString("utf8");
  const [, type = ""] = Object.entries(event.headers ?? {}).find(([name]) => /^content-type$/i.test(name)) ?? [];
  if (/urlencoded/i.test(type)) return Object.fromEntries(new URLSearchParams(text));
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const contextOf = ({ context, event, timeoutMs }) => {
  const startedMs = performance.now();
  return {
    ...context,
    getRemainingTimeInMillis: () => Math.max(0, Math.round(timeoutMs - (performance.now() - startedMs))),
    getPayload: () => payloadOf(event),
  };
};

const startedMs = performance.now();
const load = () => {
  const handler = require(entry)[exported];
  if (typeof handler !== "function") throw new Error(entry + " exports no function " + exported);
  return handler;
};
let handler;
let broken;
try {
  handler = load();
} catch (error) {
  broken = error;
}
void tell({ kind: "loaded", tookMs: performance.now() - startedMs });

process.on("message", async (call) => {
  const calledMs = performance.now();
  const took = () => performance.now() - calledMs;
  try {
    if (broken !== undefined) throw broken;
    const result = await handler(call.event, contextOf(call));
    const json = JSON.stringify(result) ?? "null";
    await tell({ kind: "answered", tookMs: took(), json });
  } catch (error) {
    await tell({ kind: "failed", tookMs: took(), error: errorOf(error) });
  }
});
process.on("disconnect", () => process.exit(0));
`;
