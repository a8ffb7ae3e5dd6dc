import { assert } from "./assert.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "./time/duration.ts";

/**
 * Every ceiling of the product, with the arithmetic behind it. Relations between ceilings are
 * asserted at the end of this file, so a change that breaks one does not load.
 */
const ceilings = {
  /** YMQ delays a message by 900 s at most; what is due later waits in its timer row. */
  queueDelayMs: 900 * SECOND_MS,
  /** A trigger drops an event over 230 KB without a word; 200 KB leaves room for the envelope. */
  queueMessageBytes: 200 * 1024,

  /** What a message queue takes in one call: ten messages, each way. */
  ymqBatchMessages: 10,
  /** And 256 KB of bodies in it; 256,000 bytes fit whichever way a KB is counted. */
  ymqBatchBytes: 256_000,
  /** Batches sent side by side: a call takes some 20 ms, and a queue serves 300 of them a second. */
  ymqBatchesAtOnce: 5,
  /** One call, its connection included: a lost one leaves time for two more within the deadline. */
  ymqCallMs: 3 * SECOND_MS,
  /** A sending with all its tries: behind a transaction of 15 s it fits the shortest function's 30 s. */
  ymqDeadlineMs: 10 * SECOND_MS,
  /** Tries of one call: with the waits between them, 3 s at the most, they fit the deadline. */
  ymqTries: 6,
  /** Waits after a failure that is over by itself: a server that is replaced takes about a second. */
  ymqRetryFirstMs: 100,
  ymqRetryMaxMs: 2 * SECOND_MS,
  /** Waits while a queue is throttled: its quota is by the second. */
  ymqThrottledFirstMs: 500,
  /** A connection unused for longer is not trusted: a function thaws, a laptop wakes. A new one is 20 ms. */
  ymqIdleMs: 5 * SECOND_MS,
  /** How long a receive waits for a message: the longest that a queue offers, and so the cheapest. */
  ymqPollMs: 20 * SECOND_MS,
  /** Between two receives of a server that does not wait at all: some emulators answer at once. */
  ymqPollPauseMs: 200,
  /** What is kept of a queue's complaint: a sentence. */
  ymqFailureChars: 300,
  /** How long a platform waits after a receive that failed, doubling: an outage costs two calls a minute. */
  pollRetryFirstMs: SECOND_MS,
  pollRetryMaxMs: 30 * SECOND_MS,
  /** Characters of what a platform's queues begin with: a queue's name has 80, and ours at most 11. */
  queuePrefixChars: 60,

  /** The tick looks ahead a timer period (60 s), so a fire between two ticks is already queued. */
  tickHorizonMs: MINUTE_MS,
  /** One page of due timers; the engine's scan limit is 900 and a page is one claim transaction. */
  tickPageRows: 100,
  /** 100 pages of 100 rows: 10,000 due timers per tick, what 10 s of a 60 s timeout can do. */
  tickPages: 100,
  /** Runs of other causes behind a schedule's last fire that are gone through for it: 100 KB of rows. */
  firedSearchRows: 100,
  /** Fired timers that a process remembers: 100 bytes each, and a tick fires 10,000 at the most. */
  firedTimers: 20_000,
  /** Timer rows spread over this many key ranges; 4 to 8 saturate a serverless database's quota. */
  timerLanes: 4,
  /** A tick starts no page this close to its deadline: a page of 500 runs takes about a second. */
  tickReserveMs: 5 * SECOND_MS,
  /** Runs one claim may make: a page of schedules, five each; 500 rows of 1 KB fit any commit. */
  occurrencesPerClaim: 500,
  /** A cron text: every value of all six fields, written out, takes about 520 characters. */
  cronChars: 1_000,
  /** Followed schedules named in the configuration's row: 32 of 63 bytes keep it near its 4 KB block. */
  followedListed: 32,
  /** Elements of one `when`; each costs a next occurrence of its own, some microseconds. */
  whenElements: 100,
  /** The shortest `every`, as cron's: a tick that comes by the minute then owes 60 occurrences. */
  everyMinMs: SECOND_MS,
  /** Compiled timings kept: a kilobyte each, so 10,000 schedules cost 10 MB. */
  compiledTimings: 10_000,

  /** YDB truncates a result at 1,000 rows; 900 leaves room for "one more". */
  scanRows: 900,
  /** YDB refuses a text over 10 KB; 9,000 bytes fit whichever way a KB is counted. */
  yqlTextBytes: 9_000,
  /** Reads in one request: 32 gets of our widest table are 8,400 bytes of text. */
  ydbReadsPerRequest: 32,
  /** Values in one request: gRPC servers take 4 MiB unless told otherwise, and text comes on top. */
  ydbFlushBytes: 3 * 1024 * 1024,
  /** Texts kept for repeated requests: a hundred tables in ten ways each, at most 9 MB. */
  ydbTextsKept: 1_000,
  /** A waiter gives up this long after asking: the largest transaction takes 10 ms, so 500 go first. */
  storeBusyMs: 5 * SECOND_MS,

  /**
   * One YDB transaction with all its tries: a cold serverless database may need 13 s for its first
   * session, and the shortest function has 30 s.
   */
  ydbTransactionMs: 15 * SECOND_MS,
  /** Waits after a failure that is over by itself: a leader that moves takes well under a second. */
  ydbRetryFirstMs: 5,
  ydbRetryMaxMs: 400,
  /**
   * Waits after a conflict are chance within a window that grows to what all who compete need: a
   * transaction takes some 40 ms and a row serves one at a time, so 20 of them need 800 ms.
   */
  ydbConflictFirstMs: 10,
  ydbConflictMaxMs: 800,
  /** A window grows by half with each conflict, and shrinks as much with each that did not happen. */
  ydbConflictGrowth: 1.5,
  /** A window is forgotten after this long without a conflict: those who competed are done by then. */
  ydbConflictMemoryMs: 5 * SECOND_MS,
  /** Waits while the database is throttled: its bucket of request units fills by the second. */
  ydbThrottledFirstMs: 200,
  ydbThrottledMaxMs: 5 * SECOND_MS,
  /** One request: a distributed commit takes up to 500 ms, and a lost one leaves time for two tries. */
  ydbRequestMs: 5 * SECOND_MS,
  /** The server is told this share of a request's time, so that its answer arrives in what is left. */
  ydbServerShare: 0.9,
  /** Making one session: the first of a cold serverless database was seen to take 13 s. */
  ydbSessionMs: 20 * SECOND_MS,
  /** Ending a session, and all of them at a close: courtesy to a server that may be gone. */
  ydbEndMs: SECOND_MS,
  /** Sessions of one process: a laptop calls ten functions at once, a function has one call. */
  ydbSessions: 10,
  /** A session unused this long is not trusted any more: the server forgets it after ten minutes. */
  ydbSessionIdleMs: 5 * MINUTE_MS,
  /** How often a silent connection is asked whether it lives, and given how long: thaws show at once. */
  ydbKeepaliveMs: 10 * SECOND_MS,
  ydbKeepaliveTimeoutMs: 3 * SECOND_MS,
  /** How long a connection waits at most before it tries again to reach its server. */
  ydbReconnectMs: 2 * SECOND_MS,
  /** One answer: YDB ends a result at 50 MB, and its frame comes on top. */
  ydbAnswerBytes: 64 * 1024 * 1024,
  /** The metadata service answers from the same machine, within milliseconds. */
  ydbTokenFetchMs: 3 * SECOND_MS,
  /** Its answer: a token of some 400 bytes in JSON. */
  ydbTokenAnswerBytes: 64 * 1024,
  /** A token is renewed after half its life, and after this at the latest: the cloud advises an hour. */
  ydbTokenRenewMs: HOUR_MS,
  /** A token is not used in its last minute, or quarter: a transaction of 15 s has to end with it. */
  ydbTokenMarginMs: MINUTE_MS,
  /** A token that could not be renewed serves on this long, and a refused one rests, before a retry. */
  ydbTokenRetryMs: 30 * SECOND_MS,
  /** What is kept of the database's complaint: its issues quote the statement, which has 9,000 bytes. */
  ydbFailureChars: 1_000,

  /**
   * Schema operations a minute in a migration: a serverless database takes 30, and five are left to
   * whoever looks at its tables in the console, which counts as well.
   */
  ydbSchemaOperations: 25,
  ydbSchemaWindowMs: MINUTE_MS,
  /** One schema statement: a table takes about a second, one with many partitions ten. */
  ydbSchemaCallMs: MINUTE_MS,
  /** One schema statement with all its tries: a full bucket of 30 a minute is empty by then. */
  ydbSchemaPatienceMs: 3 * MINUTE_MS,
  /** Between two tries: the quota of 30 a minute gives two operations back in four seconds. */
  ydbSchemaRetryMs: 4 * SECOND_MS,

  /** A waiting run nobody woke is looked at again after this long: one tick period. */
  waitRecheckMs: MINUTE_MS,
  /** An occurrence later than this was missed, not late: two tick periods and a slow start. */
  missedAfterMs: 3 * MINUTE_MS,
  /** A run waiting for its limits this long is not overtaken any more by those behind it. */
  overtakeMs: 15 * MINUTE_MS,
  /** Waiting runs woken when capacity frees; the rest follow as these start or on their timers. */
  wakeRuns: 50,
  /**
   * Watching starts at one second and waits as long again as it has gone on, up to a minute: a
   * day-long job costs some 1,450 polls, a read each.
   */
  pollFirstMs: SECOND_MS,
  pollMaxMs: MINUTE_MS,
  /**
   * A batch of looks waits this long for its executors' answers, which take some 100 ms; what comes
   * later is dealt with on its own, so that one slow answer holds up no other run.
   */
  batchPatienceMs: SECOND_MS,
  /** From admission to the program's start: a Python environment in 15 minutes, 10 GB in under two. */
  startWithinMs: 20 * MINUTE_MS,
  /** A run's timer that is overdue by less is left to its message: a submit takes seconds. */
  timerGraceMs: 30 * SECOND_MS,
  /**
   * The timer of a run that is still live is moved ahead by three times the run's age, within these:
   * a job of ten minutes moves it twice. The longer one, and a tick period on top, is how late a run
   * is looked at whose messages were all lost.
   */
  timerMoveFirstMs: MINUTE_MS,
  timerMoveMaxMs: 10 * MINUTE_MS,

  /** One run tries at most this often, whatever YAML says. */
  attemptsMax: 20,
  /** What a run keeps of why it was tried again: 20 times 500 characters are 10 KB in its row. */
  retriedBecauseChars: 500,
  /** Job wall time where neither YAML nor a limit says otherwise. */
  timeoutDefaultMs: 24 * HOUR_MS,
  timeoutMaxMs: 30 * DAY_MS,
  /** SIGTERM, then this long, then SIGKILL, where the job says nothing. */
  killGraceMs: 10 * SECOND_MS,

  /** SIGKILL lands inside a second that is paid for: a busy machine reaps well within half of one. */
  killLagMs: 500,

  /** 100 times the dearest instance type (g2.8, 928 units a second); see the sum asserted below. */
  unitRateMax: 100_000,
  /** Settled spends an account remembers: 64 of 25 bytes are 1.6 KB, and an hour in steps of a minute. */
  accountSpends: 64,
  /** Reservations open at once in one account: 200 of 80 bytes are 16 KB, one row at its worst. */
  accountReservations: 200,
  /**
   * Entries in an account's own row: 8 of 110 bytes, so the row of a quiet project stays near 1 KB,
   * and the row they move to has as much. A run has two entries, so every fourth run writes a row.
   */
  accountTailEntries: 8,

  /** Deliveries: 12 tries from 5 s doubling to 1 h: 5115 + 3600 s, some 2 h 25 min, then burial. */
  deliveryAttemptsMax: 12,
  deliveryBackoffFirstMs: 5 * SECOND_MS,
  deliveryBackoffMaxMs: HOUR_MS,
  /** A receiver gets ten seconds; notify's function timeout of 60 s holds a batch of five. */
  deliveryTimeoutMs: 10 * SECOND_MS,
  /** The first bytes of an answer are enough to see what the receiver complained about. */
  deliveryAnswerBytes: 512,

  /** One request of the API: what gRPC clients and servers take unless told otherwise. */
  apiMessageBytes: 4 * 1024 * 1024,
  /** Messages of a stream in one HTTP answer: the gateway passes 2.5 MB, headers and last one included. */
  restStreamBytes: 2 * 1024 * 1024,
  /** A sender's id for its message: a UUID is 36, a path or URL may be longer. */
  requestIdChars: 200,
  /** One input value; 100 of them in plain text stay far under the queue's message size. */
  inputValueChars: 1_000,
  /** What is kept of a rejected message: enough to recognise it on a screen. */
  rejectionExcerptChars: 500,

  /** Calls one laptop trigger has under way: the cloud's default quota of 10 per zone. */
  triggerCallsMax: 10,
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
  /** How often the terminal looks for a job's new output: smooth to the eye, nothing to the disk. */
  outputFollowMs: 100,
  /** And where none has come for a while: a look reads a row or two, which a database bills. */
  outputFollowMaxMs: SECOND_MS,
  /** How often a laptop platform looks for work that another process wrote: one pragma, 10 µs. */
  neighbourPollMs: 100,
  /**
   * How long a platform drives a shared database after it last said so, and how often it does: a
   * renewal costs 3 request units, and two may fail before another machine takes over.
   */
  platformLeaseMs: 150 * SECOND_MS,
  platformLeaseRenewMs: MINUTE_MS,
  /** How often expired rows are dropped, and how many at once: the cloud's TTL runs hourly too. */
  sweepEveryMs: HOUR_MS,
  /** A stopping platform waits this long for running jobs before it leaves them to the next start. */
  stopGraceMs: 5 * SECOND_MS,
  /** Signals this close are one Ctrl-C, handed on twice by what started us; a person needs longer. */
  signalEchoMs: 500,
  /** How often a watched schedules file is looked at; it is applied once it stood still for one look. */
  configPollMs: 500,
  /** How often a command that waits looks again: prompt to the eye, and two row reads each time. */
  commandPollMs: 200,
  /** A starting platform waits this long for a command that asks whether one runs, by its lock. */
  lockWaitMs: 100,
  /** Fire times of a schedule in one preview: two months by the minute, a second and 20 MB of JSON. */
  nextFiresMax: 100_000,
  /** Fire times the API answers with where nobody says how many: a screen. */
  firesShown: 10,
  /** Runs that one page goes through for those wanted: 300 ms of 1,000 schedules; then the next page. */
  runSearchRows: 18_000,
  /** Overdue for longer, a timer says that no tick came: one comes by the minute and takes one at most. */
  tickLagMs: 3 * MINUTE_MS,
  /** What a diagnosis looks back at, and how many of a kind it counts before it says "or more". */
  doctorLookBackMs: DAY_MS,
  doctorItems: 100,
  /** A clock that is further off than this fires its schedules noticeably early or late. */
  clockSkewMs: 2 * SECOND_MS,
  /** One call of a platform elsewhere: its api function has 30 s, and a gateway in front starts cold. */
  remoteCallMs: 60 * SECOND_MS,
  /** How often what only reads is asked, and the pause between: a gateway's 503 is over in seconds. */
  remoteTries: 3,
  remotePauseMs: SECOND_MS,
  /** An answer of a platform elsewhere: a gateway lets 2.5 MB through, a laptop a message of 4 MB. */
  remoteAnswerBytes: 8 * 1024 * 1024,
  /** How often whoever waits looks at a shared database, which bills every look: 2 units a second. */
  sharedPollMs: 2 * SECOND_MS,
  /** How often `up --until-idle` asks whether anything is left to do. */
  idlePollMs: 250,
  /** Message retention of the laptop's queues: YMQ's default of four days. */
  queueRetentionMs: 4 * DAY_MS,

  /** One schedules file; YAML of a thousand schedules is about 400 KB. */
  configBytes: 4 * 1024 * 1024,
  schedulesPerConfig: 10_000,
  /** Problems of one file that are shown: five screens, and who mends them applies again. */
  configProblems: 200,
  /** 10,000 schedules of some 50 values each; nine lines of aliases can claim a billion. */
  configValues: 1_000_000,
  /** Our deepest key stands eight levels down; the readers recurse, so a file may not choose. */
  configDepth: 32,
  /** Ten years: no policy waits longer, and an instant plus it is still an instant. */
  policyMaxMs: 3_650 * DAY_MS,
  /** A retry that waits ten times longer each time reaches any cap within a few tries. */
  retryFactorMax: 10,

  /** DataSphere Jobs: one file at most 5 GB, all inputs at most 10 GB, 100 entries a list. */
  jobFileBytes: 5 * 1024 ** 3,
  jobInputsBytes: 10 * 1024 ** 3,
  jobListEntries: 100,
  /** DataSphere Jobs: an extended working disk has 100 GB to 10 TB. */
  jobDiskMinBytes: 100 * 1024 ** 3,
  jobDiskMaxBytes: 10 * 1024 ** 4,
  /** DataSphere keeps at most 100 MB of one log file; more is cut with a note. */
  jobLogBytes: 100 * 1024 * 1024,
  /** A folder of a million small files takes minutes to copy; an archive of it takes seconds. */
  jobInputFiles: 100_000,
  /** macOS takes 1,024 bytes of path; the data directory and the attempt have some 300 of them. */
  jobPathBytes: 512,
  /** One name in a path: what every usual file system takes. */
  fileNameBytes: 255,
  /** A program's progress message: a line for a person, which travels in every answer about it. */
  progressMessageChars: 1_000,
  /** A heavy requirements file (torch: 3 GB) installs in some ten minutes over a home line. */
  pythonBuildMs: 15 * MINUTE_MS,
  /** Local executions are looked at this often: one /proc read each, and a log grows for a second. */
  processWatchMs: SECOND_MS,
  /** What a local watchdog, or a group that was killed, may be late before the platform steps in. */
  processLagMs: 2 * SECOND_MS,
  /** One read of a log, and what one message of a log stream carries: far below gRPC's 4 MiB. */
  logChunkBytes: 64 * 1024,
  /** A stretch of log grows this long: 8,640 rows a day for a stream that never rests. */
  logStretchMs: 10 * SECOND_MS,
  /** Rows of a job's log order that one transaction removes: a row is some 200 bytes. */
  logStretchesPerClear: 500,
  /** A job's parameters and texts as JSON: one job fits a page of answers, and 100 files are 20 KB. */
  jobBytes: 1024 * 1024,
  /** Requirements of a job: `pip freeze` of the largest environments lists some 500. */
  jobRequirements: 1_000,
  /** DataSphere keeps a job's data for 14 days unless told; ten years at most, as any policy. */
  jobDataTtlMs: 14 * DAY_MS,
  jobDataTtlMaxMs: 3_650 * DAY_MS,
  /** A signed URL works this long: a file of 5 GB in an hour needs 12 Mbit/s. */
  fileUrlMs: HOUR_MS,

  /**
   * What a call may spend on telling how it went: a collector nearby answers within 100 ms, and two
   * seconds are a new connection to a busy one. Nothing of it is done in a call's last second.
   */
  telemetryFlushMs: 2 * SECOND_MS,
  telemetryReserveMs: SECOND_MS,
  /** A collector that failed is left alone this long: so it costs a call in a minute, not each. */
  telemetryRestMs: MINUTE_MS,
  /** How often a collector that goes on failing is warned of. */
  telemetryWarnMs: 10 * MINUTE_MS,
  /** Spans that wait to be sent: a tick that fires 500 runs has some 1,500, of half a kilobyte. */
  telemetrySpans: 2_048,
  /** What did not arrive and is sent again: a minute's calls of some 10 KB each. */
  telemetryKeptBytes: 1024 * 1024,
  /** What is read of a collector's answer, which is empty unless it has something to complain of. */
  telemetryAnswerBytes: 64 * 1024,
  /** How often a platform that goes on sends: what dashboards show by default is no finer. */
  telemetryEveryMs: 5 * SECOND_MS,

  /** Cloud Logging reads a line of up to 64 KB as a record; 64,000 fits either meaning of KB. */
  logLineBytes: 64_000,
  /** What is kept of the message of a longer line: JSON needs at most 6 bytes for each, 48,000. */
  logMessageChars: 8_000,

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
  /** Jobs whose data one step of a deletion clears: 20 folders of some 100 ms, far from any timeout. */
  clearedJobs: 20,
  /** Sessions that one step of a deletion ends, two rows each: under the 500 rows of any commit. */
  endedSessions: 200,

  /** One notebook file; with pictures in its outputs a large one has some 20 MB. */
  notebookBytes: 50 * 1024 * 1024,
  /** Files and folders of a storage that a search for a cell looks at: a second's worth. */
  notebookSearchEntries: 100_000,
  /** One output of a cell, and all of an execution; what is longer is in the log `stdout`. */
  notebookOutputBytes: 64 * 1024,
  notebookOutputsBytes: 256 * 1024,
  /** One variable, and all of an execution: with its outputs 384 KB, a tenth of a gRPC message. */
  notebookVariableBytes: 16 * 1024,
  notebookVariablesBytes: 128 * 1024,
  /** Lists in lists; protobuf's readers give up at 100 messages, and a Struct takes two a level. */
  notebookVariableDepth: 32,
  /** What a caller gives a notebook: Linux takes at most 128 KB for one environment variable. */
  notebookInputBytes: 64 * 1024,
  notebookOutputVariables: 100,
  notebookVariableChars: 200,
  /** The pickled state of a notebook: as large as one file of a job. */
  notebookStateBytes: 5 * 1024 ** 3,
  /** A kernel answers within a second; one that imports from a cold disk may need many. */
  notebookStartMs: MINUTE_MS,
  /** What a kernel registered for its end has this long. */
  notebookShutdownMs: 2 * SECOND_MS,
  /** An interrupted kernel has this part of the grace to end its cell and save its state. */
  notebookStopShare: 0.7,
  /** How often a kernel's CPU time is read at the most, and how little of it counts as none. */
  notebookStalePeriodMs: MINUTE_MS,
  notebookStaleShare: 0.01,
  /** Checkpoints that a search for the latest reads: 50 pages of at most 5 MB, 500 executions. */
  checkpointPageRows: 10,
  checkpointPages: 50,

  /** One try of a call of DataSphere: it answers in some 100 ms, and three tries fit 30 s. */
  datasphereCallMs: 8 * SECOND_MS,
  /** Tries of a call that changes nothing: one that met a restart of the other side has two more. */
  datasphereTries: 3,
  /** The wait before the second try; it doubles. A load balancer drops a server within a second. */
  datasphereRetryMs: 300,
  /** A connection unused for longer may be dead: proxies forget idle ones after a minute or more. */
  datasphereIdleMs: 20 * SECOND_MS,
  datasphereReconnectMs: 2 * SECOND_MS,
  /** One answer: a page of jobs carries their configurations. */
  datasphereAnswerBytes: 16 * 1024 * 1024,
  /** What DataSphere says about a failure; a sentence with a name or two. */
  datasphereFailureChars: 1_000,

  /**
   * A look at a provider's limits and balance serves admissions for this long: what others start
   * meanwhile is the exposure, and a project that is never quiet is asked twice a minute.
   */
  providerFreshMs: 30 * SECOND_MS,
  /** Where nothing is to be admitted, while work runs or after its end, a look by the minute is enough. */
  providerLiveMs: MINUTE_MS,
  /** A look: two calls at once on a new connection take half a second; then admission goes on without. */
  providerLookMs: 3 * SECOND_MS,
  /** After a look that failed, so that a provider that is down holds each project up twice a minute. */
  providerRetryMs: 30 * SECOND_MS,
  /** Its last answer is gone by for this long; then work waits until it answers. */
  providerTrustMs: HOUR_MS,
  /** How often an account notes that it did, where nothing else changed: four writes an hour. */
  providerSeenMs: 15 * MINUTE_MS,
  /** What has ended is charged by then: DataSphere bills by the second, and says nothing of delays. */
  providerChargeLagMs: 5 * MINUTE_MS,
  /** Clocks of two machines differ by less: those of a cloud by milliseconds, a laptop's by seconds. */
  providerSkewMs: 10 * SECOND_MS,
  /** Projects whose last look a process remembers: 500 bytes each, 5 MB. */
  providerLooksKept: 10_000,

  /** A connection to object storage: the cloud answers within 100 ms, and three tries fit 30 s. */
  bucketConnectMs: 2 * SECOND_MS,
  /** Until an answer begins, and between two pieces of one. */
  bucketRequestMs: 5 * SECOND_MS,
  /** One part on its way up: 8 MiB in a minute is a home line of 1.2 Mbit/s. */
  bucketUploadMs: MINUTE_MS,
  /** Tries of one request, and of a download that stands still. */
  bucketTries: 3,
  /** Connections of one process, and requests that one call has under way. */
  bucketParallel: 8,
  /** A connection unused for longer may be dead: a function is frozen between its calls. */
  bucketIdleMs: 5 * SECOND_MS,
  /** Keys of one page of a listing and of one removal. Source: the S3 API. */
  bucketPageKeys: 1_000,
  /** Pages of one listing: a million files of one project, or of a job's folder, take minutes. */
  bucketPages: 1_000,
  /** What is in memory of a file that is written: 10,000 such parts are 80 GB. */
  bucketPartBytes: 8 * 1024 * 1024,
  /** A key, in bytes of UTF-8. Source: the S3 API. */
  bucketKeyBytes: 1_024,
  /** A signed URL lives a week at most. Source: AWS Signature Version 4. */
  bucketUrlMs: 7 * DAY_MS,
  /** How often a laptop looks whether the bucket's schedules changed: 8,640 listings a day. */
  bucketPollMs: 10 * SECOND_MS,
  /** Readings of a configuration while others apply theirs: each of them had one that went first. */
  applyTries: 5,
  /** Beside each other in time: no preparation of a job reads an older copy of its folder still. */
  folderCopyMs: HOUR_MS,

  /** Finished runs are kept this long; an operator asks about last month. */
  runRetentionMs: 35 * DAY_MS,
  /** A message id is remembered this long; YMQ keeps a message 14 days at most. */
  requestRetentionMs: 14 * DAY_MS,
};

export const limits: Readonly<typeof ceilings> = ceilings;

assert(limits.tickHorizonMs <= limits.queueDelayMs, "a fire inside the horizon fits a queue delay");
assert(limits.queueMessageBytes <= limits.ymqBatchBytes, "every message fits a batch");
assert(limits.ymqCallMs * 3 <= limits.ymqDeadlineMs, "a lost call leaves two tries");
assert(limits.tickPageRows <= limits.scanRows, "a page of timers fits a scan");
assert(limits.pollFirstMs <= limits.pollMaxMs, "polling slows down, never up");
assert(limits.timerMoveFirstMs <= limits.timerMoveMaxMs, "timers move further ahead, never less");
assert(limits.timerGraceMs < limits.timerMoveFirstMs, "a timer moves ahead, not back");
assert(
  limits.timerMoveMaxMs < limits.startWithinMs,
  "a start that was cut short is looked at while it may still start",
);
assert(limits.sharedResources <= limits.scanRows, "all resources of a holder fit one scan");
assert(limits.pageItems <= limits.pageItemsMax, "a page is no larger than the largest");
assert(
  2 * limits.platformLeaseRenewMs + limits.ydbTransactionMs < limits.platformLeaseMs,
  "a lease outlives a renewal that failed",
);
assert(
  limits.telemetryFlushMs + limits.telemetryReserveMs < limits.tickReserveMs,
  "a tick that goes on to its reserve has time to tell how it went",
);
assert(limits.ydbSchemaCallMs < limits.ydbSchemaPatienceMs, "a schema statement has a second try");
assert(limits.ydbRequestMs * 3 <= limits.ydbTransactionMs, "a lost request leaves two tries");
assert(limits.ydbTransactionMs < limits.ydbTokenMarginMs, "a token outlives its transaction");
assert(limits.bucketIdleMs < limits.bucketPollMs, "a poll trusts no connection of the last one");
assert(limits.fileUrlMs <= limits.bucketUrlMs, "a file's URL can be signed for its whole life");
assert(
  limits.dataFileBytes <= 10_000 * limits.bucketPartBytes,
  "the largest file of a storage has at most as many parts as S3 takes",
);
assert(
  limits.startWithinMs < limits.folderCopyMs,
  "a copy of a job's folder outlives every preparation that reads it",
);
assert(limits.deliveryTimeoutMs * 5 <= MINUTE_MS, "five slow receivers fit notify's timeout");
assert(
  limits.pythonBuildMs < limits.startWithinMs,
  "an environment is built before its start is due",
);
assert(
  limits.providerSeenMs + limits.providerLiveMs < limits.providerTrustMs,
  "an account that is looked at is trusted",
);
assert(limits.providerChargeLagMs < HOUR_MS, "an account remembers what may yet be charged");
assert(limits.killLagMs < SECOND_MS, "an execution of one second has time to run");
assert(
  // Spends that were merged still count one by one: 10,000 executions an hour at the highest rate.
  limits.unitRateMax * HOUR_MS * 10_000 <= Number.MAX_SAFE_INTEGER,
  "an hour of unit-milliseconds is a safe integer",
);
