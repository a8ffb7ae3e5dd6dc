import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

type Value = string | number | boolean;
type Attributes = Readonly<Record<string, Value>>;

/** A span, as a collector sees it. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly attributes: Attributes;
  readonly links: readonly string[];
  readonly isError: boolean;
  readonly resource: Attributes;
}

/** One data point of a metric. */
interface ReceivedPoint {
  readonly name: string;
  readonly unit: string;
  readonly kind: "gauge" | "sum" | "histogram";
  /** 1 for delta, 2 for cumulative. */
  readonly temporality: number;
  readonly attributes: Attributes;
  /** The value, or the sum of a histogram. */
  readonly value: number;
  readonly count: number;
  readonly bounds: readonly number[];
  readonly resource: Attributes;
}

interface ReceivedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What the receiver does with a request; it answers 200 unless told otherwise. */
type Reception = (request: ReceivedRequest, response: ServerResponse) => void;

export interface OtlpReceiver {
  readonly url: string;
  readonly requests: readonly ReceivedRequest[];
  /** All spans so far, in the order of their arrival. */
  spans(): readonly ReceivedSpan[];
  /** All points so far of one metric, in the order of their arrival. */
  points(name: string): readonly ReceivedPoint[];
  /** The value that a metric with these attributes was last told with. */
  last(name: string, attributes?: Attributes): number | undefined;
  receive(reception: Reception): void;
  close(): Promise<void>;
}

const accept: Reception = (_, response) => {
  response.writeHead(200, { "Content-Type": "application/x-protobuf" }).end();
};

/** A collector on a port of its own that decodes what it is sent by the published protocol alone. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const requests: ReceivedRequest[] = [];
  let reception = accept;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const raw = Buffer.concat(chunks);
      const isGzipped = request.headers["content-encoding"] === "gzip";
      const body = isGzipped ? gunzipSync(raw) : raw;
      const received = { path: request.url ?? "", headers: request.headers, body };
      requests.push(received);
      reception(received, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const bodies = (path: string): readonly Buffer[] =>
    requests.filter((each) => each.path === path).map((each) => each.body);
  const points = (name: string): readonly ReceivedPoint[] =>
    bodies("/v1/metrics")
      .flatMap(decodePoints)
      .filter((point) => point.name === name);
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    spans: () => bodies("/v1/traces").flatMap(decodeSpans),
    points,
    last: (name, attributes = {}) =>
      points(name).findLast((point) => sameAttributes(point.attributes, attributes))?.value,
    receive: (next) => {
      reception = next;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function sameAttributes(a: Attributes, b: Attributes): boolean {
  const text = (attributes: Attributes): string =>
    JSON.stringify(Object.entries(attributes).toSorted(([x], [y]) => (x < y ? -1 : 1)));
  return text(a) === text(b);
}

/**
 * A message of protobuf as its fields by number: bytes for what has a length, numbers for the rest.
 * Source: OTLP 1.x, `trace.proto`, `metrics.proto`, `common.proto`: the numbers used below.
 */
type Fields = ReadonlyMap<number, readonly (Buffer | bigint)[]>;

function fieldsOf(bytes: Buffer): Fields {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, (Buffer | bigint)[]>();
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    const values = fields.get(field) ?? [];
    if (type === WireType.Varint) values.push(BigInt(reader.uint64()));
    else if (type === WireType.Bit64) values.push(BigInt(reader.fixed64()));
    else if (type === WireType.LengthDelimited) values.push(Buffer.from(reader.bytes()));
    else values.push(BigInt(reader.fixed32()));
    fields.set(field, values);
  }
  return fields;
}

const messages = (fields: Fields, field: number): readonly Fields[] =>
  (fields.get(field) ?? []).map((value) => fieldsOf(value as Buffer));
const bytesOf = (fields: Fields, field: number): Buffer =>
  (fields.get(field)?.[0] as Buffer | undefined) ?? Buffer.alloc(0);
const textOf = (fields: Fields, field: number): string => bytesOf(fields, field).toString("utf8");
const numberOf = (fields: Fields, field: number): number => Number(fields.get(field)?.[0] ?? 0n);

function doubleOf(fields: Fields, field: number): number {
  const bits = fields.get(field)?.[0] as bigint | undefined;
  if (bits === undefined) return 0;
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt.asUintN(64, bits));
  return buffer.readDoubleLE();
}

function attributesOf(fields: Fields, field: number): Attributes {
  return Object.fromEntries(
    messages(fields, field).map((pair) => {
      const [value = new Map()] = messages(pair, 2);
      return [textOf(pair, 1), valueOf(value)];
    }),
  );
}

function valueOf(value: Fields): Value {
  if (value.has(1)) return textOf(value, 1);
  if (value.has(2)) return numberOf(value, 2) === 1;
  return value.has(3) ? numberOf(value, 3) : doubleOf(value, 4);
}

/** Each with the attributes of its resource, whose field is 1. */
function inScopes(
  body: Buffer,
): readonly { readonly scope: Fields; readonly resource: Attributes }[] {
  return messages(fieldsOf(body), 1).flatMap((ofResource) => {
    const [resource = new Map()] = messages(ofResource, 1);
    return messages(ofResource, 2).map((scope) => ({ scope, resource: attributesOf(resource, 1) }));
  });
}

function decodeSpans(body: Buffer): readonly ReceivedSpan[] {
  return inScopes(body).flatMap(({ scope, resource }) =>
    messages(scope, 2).map((span) => {
      const [status = new Map()] = messages(span, 15);
      return {
        traceId: bytesOf(span, 1).toString("hex"),
        spanId: bytesOf(span, 2).toString("hex"),
        parentSpanId: bytesOf(span, 4).toString("hex"),
        name: textOf(span, 5),
        kind: numberOf(span, 6),
        startedAtMs: numberOf(span, 7) / 1e6,
        endedAtMs: numberOf(span, 8) / 1e6,
        attributes: attributesOf(span, 9),
        links: messages(span, 13).map((link) => bytesOf(link, 1).toString("hex")),
        isError: numberOf(status, 3) === 2,
        resource,
      };
    }),
  );
}

function decodePoints(body: Buffer): readonly ReceivedPoint[] {
  return inScopes(body).flatMap(({ scope, resource }) =>
    messages(scope, 2).flatMap((metric) => {
      const named = { name: textOf(metric, 1), unit: textOf(metric, 3), resource };
      const numbers = (kind: "gauge" | "sum", data: Fields): readonly ReceivedPoint[] =>
        messages(data, 1).map((point) => ({
          ...named,
          kind,
          temporality: numberOf(data, 2),
          attributes: attributesOf(point, 7),
          value: point.has(6) ? numberOf(point, 6) : doubleOf(point, 4),
          count: 1,
          bounds: [],
        }));
      const spreads = (data: Fields): readonly ReceivedPoint[] =>
        messages(data, 1).map((point) => ({
          ...named,
          kind: "histogram",
          temporality: numberOf(data, 2),
          attributes: attributesOf(point, 9),
          value: doubleOf(point, 5),
          count: numberOf(point, 4),
          bounds: doublesIn(bytesOf(point, 7)),
        }));
      return [
        ...messages(metric, 5).flatMap((data) => numbers("gauge", data)),
        ...messages(metric, 7).flatMap((data) => numbers("sum", data)),
        ...messages(metric, 9).flatMap(spreads),
      ];
    }),
  );
}

function doublesIn(packed: Buffer): readonly number[] {
  return Array.from({ length: packed.length / 8 }, (_, index) => packed.readDoubleLE(index * 8));
}
