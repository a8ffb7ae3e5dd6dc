import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../time/duration.ts";

/** Ceilings of the API and the faces that serve it. Each with its arithmetic; relations stand in `limits.ts`. */
export const apiLimits = {
  /** One request of the API: what gRPC clients and servers take unless told otherwise. */
  apiMessageBytes: 4 * 1024 * 1024,
  /** Messages of a stream in one HTTP answer: the gateway passes 2.5 MB, headers and last one included. */
  restStreamBytes: 2 * 1024 * 1024,
  /** An HTTP request's body: what the cloud passes to a function. */
  httpBodyBytes: 3.5 * 1024 * 1024,

  /** An HTTP request must be whole by then; the cloud gives a function call no longer either. */
  httpRequestMs: MINUTE_MS,
  /** How often connections are looked at that are slow to send a request's head. */
  httpCheckMs: SECOND_MS,
  /** A refused upload is read on this long, so that its sender hears the answer before the end. */
  lingerMs: SECOND_MS,
  /** A connection says by then whether it speaks TLS, gRPC or HTTP: a slow line takes a second. */
  firstBytesMs: 10 * SECOND_MS,
  /** Connections to a laptop platform at once: a process may usually have 1,024 files open or more. */
  connectionsMax: 1_000,
  /** Calls on one gRPC connection at once: a program that follows the logs of a thousand jobs. */
  grpcCallsPerConnection: 1_000,
  /** A failure in a gRPC header: in Base64 it is 8 KB, and several clients read no more. */
  grpcStatusBytes: 6 * 1024,
  /** An idle gRPC connection is asked this often whether its client still lives, and given so long. */
  grpcKeepaliveMs: MINUTE_MS,
  grpcKeepaliveTimeoutMs: 20 * SECOND_MS,
  /** A stopping platform lets calls under way end this long: a usual one takes milliseconds. */
  drainGraceMs: 2 * SECOND_MS,
  /** How often a stopping platform looks whether the last call has ended: unnoticed by a person. */
  drainPollMs: 20,
  /** Certificates of a laptop: the CA ten years, as clients keep it; a server's what browsers take. */
  caCertificateMs: 3_650 * DAY_MS,
  serverCertificateMs: 397 * DAY_MS,
  /** A certificate that ends within this is made anew at a start. */
  certificateRenewMs: 30 * DAY_MS,

  /** Page size of the API: what it is unless a client says, and at most. Source: Yandex Cloud. */
  pageItems: 100,
  pageItemsMax: 1_000,
  /** Scans behind one page: 18,000 rows, some 50 ms; what is left after them is the next page's. */
  pageScans: 20,
  /** Items of one answer: gRPC clients refuse 4 MiB, functions 3.5 MB, and JSON is up to three times. */
  pageBytes: 1024 * 1024,
  /** A page token for a run: a schedule's name of 64, a time and a digest, in Base64, some 150. */
  pageTokenChars: 500,
  /** A bearer token: ours have 44 characters; an IAM token, should one come by, some 400. */
  tokenChars: 1_000,
  /** An Idempotency-Key: a UUID is 36, a path or an operation id may be longer. */
  idempotencyKeyChars: 100,
  /** A client's own id for its call; a UUID is 36. It is repeated in logs and in errors. */
  clientRequestIdChars: 100,
  /** Violations of one request that are told: who mends them asks again. */
  apiViolations: 50,
  /** Details and text of an error travel in headers; clients take 8 KB of those, Base64 adds a third. */
  apiErrorBytes: 4 * 1024,
  /** One text of an error: a field's path, or a sentence with its numbers. */
  apiTextChars: 500,
  /** When a call that met a busy store or executor may be tried again: its own wait took 5 s. */
  apiRetryMs: SECOND_MS,

  /** Access bindings of one resource: 5 requests of 1,000, read whole in six scans to change any. */
  bindingsPerResource: 5_000,
  /** Resources shared with one project or community: one scan, so that all can be seen at once. */
  sharedResources: 900,
  /** Values of one restriction, and characters of one: there are some 30 types such as `g2.8`. */
  restrictionValues: 100,
  restrictionValueChars: 50,
  /** A pattern that a listing is searched by: three names, and 6 million steps for a description. */
  patternChars: 200,
  /** A community as JSON: 64 labels of 126 characters are 8 KB, the rest is room for a description. */
  communityChars: 32 * 1024,
  /** A file through ProjectDataService: 1 GB in 20 minutes at a megabyte a second; larger go by job. */
  dataFileBytes: 1024 ** 3,
  /** One message of a download: grpc.io advises 16 to 64 KB, and a client refuses more than 4 MiB. */
  dataChunkBytes: 64 * 1024,
  /** A path in a project's storage: what Linux takes. */
  dataPathChars: 4_096,

  /** A project's disk in GB, at first, at least and at most. Source: DataSphere, "Quotas and limits". */
  projectDiskGb: 10,
  projectDiskMinGb: 10,
  projectDiskMaxGb: 4_096,
  /** A status of an opening project stays this long: clients that poll five times a second see it. */
  openStepMs: 200,
  /** A session of an opened project: as long as the cloud's IAM tokens. */
  sessionMs: 12 * HOUR_MS,
  /** Sessions that one step of a deletion ends, two rows each: under the 500 rows of any commit. */
  endedSessions: 200,
};
