import { readFileSync } from "node:fs";
import { messageOf } from "../../core/errors.ts";

/** Where one signal goes. */
export interface OtlpTarget {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly isGzipped: boolean;
  /** A certificate authority beside the usual ones, in PEM. */
  readonly ca: string | undefined;
}

/** What the standard variables of OpenTelemetry say. */
export interface OtlpSettings {
  readonly traces: OtlpTarget | undefined;
  readonly metrics: OtlpTarget | undefined;
  readonly encoding: "protobuf" | "json";
  readonly temporality: "cumulative" | "delta";
  readonly sampler: { readonly name: string; readonly ratio: number };
  readonly serviceName: string;
  readonly resource: Readonly<Record<string, string>>;
  /** Variables that say something we cannot do, and what is done instead; no value is repeated. */
  readonly problems: readonly string[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

const SIGNALS = ["traces", "metrics"] as const;
type Signal = (typeof SIGNALS)[number];

/** Whether anything is to be told: an endpoint is named, and nothing switches it off. */
export function isConfigured(environment: Environment): boolean {
  if (textOf(environment, "OTEL_SDK_DISABLED").toLowerCase() === "true") return false;
  return SIGNALS.some(
    (signal) =>
      textOf(environment, `OTEL_${signal.toUpperCase()}_EXPORTER`) !== "none" &&
      endpointOf(environment, signal) !== undefined,
  );
}

/**
 * Reads the standard variables. One that is wrong is a problem to tell, and never an error: nothing
 * that Orrery does depends on who watches it.
 * Source: OpenTelemetry, "OTLP Exporter Configuration" and "Environment Variable Specification".
 */
export function readSettings(environment: Environment): OtlpSettings {
  const problems: string[] = [];
  const resource = pairsOf(textOf(environment, "OTEL_RESOURCE_ATTRIBUTES"));
  const named = textOf(environment, "OTEL_SERVICE_NAME");
  return {
    traces: targetOf(environment, "traces", problems),
    metrics: targetOf(environment, "metrics", problems),
    encoding: encodingOf(environment, problems),
    temporality: temporalityOf(environment, problems),
    sampler: samplerOf(environment, problems),
    serviceName: named === "" ? (resource["service.name"] ?? "orrery") : named,
    resource,
    problems,
  };
}

function textOf(environment: Environment, name: string): string {
  return environment[name]?.trim() ?? "";
}

/** What is set for a signal, or for all of them. */
function ofSignal(environment: Environment, signal: Signal, what: string): string {
  const own = textOf(environment, `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${what}`);
  return own === "" ? textOf(environment, `OTEL_EXPORTER_OTLP_${what}`) : own;
}

/** The URL as it is used: only that for all signals gets a signal's own path. */
function endpointOf(environment: Environment, signal: Signal): string | undefined {
  const own = textOf(environment, `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`);
  if (own !== "") return own;
  const base = textOf(environment, "OTEL_EXPORTER_OTLP_ENDPOINT");
  return base === "" ? undefined : `${base.replace(/\/+$/, "")}/v1/${signal}`;
}

function targetOf(
  environment: Environment,
  signal: Signal,
  problems: string[],
): OtlpTarget | undefined {
  if (textOf(environment, `OTEL_${signal.toUpperCase()}_EXPORTER`) === "none") return undefined;
  const endpoint = endpointOf(environment, signal);
  if (endpoint === undefined) return undefined;
  const url = URL.parse(endpoint);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    problems.push(`the endpoint for ${signal} is no http or https URL, so they are not sent`);
    return undefined;
  }
  return {
    url,
    headers: {
      ...pairsOf(textOf(environment, "OTEL_EXPORTER_OTLP_HEADERS")),
      ...pairsOf(textOf(environment, `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_HEADERS`)),
    },
    isGzipped: ofSignal(environment, signal, "COMPRESSION") === "gzip",
    ca: certificateOf(ofSignal(environment, signal, "CERTIFICATE"), problems),
  };
}

function certificateOf(file: string, problems: string[]): string | undefined {
  if (file === "") return undefined;
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    problems.push(`OTEL_EXPORTER_OTLP_CERTIFICATE cannot be read (${messageOf(error)})`);
    return undefined;
  }
}

function encodingOf(environment: Environment, problems: string[]): OtlpSettings["encoding"] {
  const protocol = textOf(environment, "OTEL_EXPORTER_OTLP_PROTOCOL");
  if (protocol === "http/json") return "json";
  if (protocol !== "" && protocol !== "http/protobuf") {
    problems.push(
      "OTEL_EXPORTER_OTLP_PROTOCOL is neither http/protobuf, which is used, nor http/json",
    );
  }
  return "protobuf";
}

function temporalityOf(environment: Environment, problems: string[]): OtlpSettings["temporality"] {
  const name = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
  const preference = textOf(environment, name).toLowerCase();
  if (preference === "delta" || preference === "lowmemory") return "delta";
  if (preference !== "" && preference !== "cumulative") {
    problems.push(`${name} is neither cumulative, which is used, nor delta`);
  }
  return "cumulative";
}

const SAMPLERS = /^(parentbased_)?(always_on|always_off|traceidratio)$/;

function samplerOf(environment: Environment, problems: string[]): OtlpSettings["sampler"] {
  const name = textOf(environment, "OTEL_TRACES_SAMPLER");
  const given = textOf(environment, "OTEL_TRACES_SAMPLER_ARG");
  const ratio = given === "" ? 1 : Number(given);
  if (name !== "" && !SAMPLERS.test(name)) {
    problems.push("OTEL_TRACES_SAMPLER is none that we know, and every trace is kept");
    return { name: "parentbased_always_on", ratio: 1 };
  }
  if (!(ratio >= 0 && ratio <= 1)) {
    problems.push("OTEL_TRACES_SAMPLER_ARG is no number from 0 to 1, and every trace is kept");
    return { name: "parentbased_always_on", ratio: 1 };
  }
  return { name: name === "" ? "parentbased_always_on" : name, ratio };
}

/** `key=value,key=value`, the values percent-encoded. What cannot be decoded is taken as it is. */
function pairsOf(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(",").flatMap((pair) => {
    const [, name = "", value = ""] = /^([^=]+)=(.*)$/.exec(pair.trim()) ?? [];
    return name.trim() === "" ? [] : [[name.trim(), decoded(value.trim())] as const];
  });
  return Object.fromEntries(pairs);
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
