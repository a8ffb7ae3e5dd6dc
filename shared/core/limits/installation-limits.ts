import { DAY_MS, MINUTE_MS, SECOND_MS } from "../time/duration.ts";

/** Ceilings of deploying an installation and looking after it. Each with its arithmetic; relations stand in `limits.ts`. */
export const installationLimits = {
  /** An idle instance of a function is killed so long after SIGTERM: the cloud gives it 50 ms. */
  invokeKillMs: 50,
  /** Overdue for longer, a timer says that no tick came: one comes by the minute and takes one at most. */
  tickLagMs: 3 * MINUTE_MS,
  /** What a diagnosis looks back at, and how many of a kind it counts before it says "or more". */
  doctorLookBackMs: DAY_MS,
  doctorItems: 100,
  /** Projects that DataSphere is asked for by a diagnosis: each is a call of 3 s at the most, side by side. */
  doctorProjects: 10,
  /** What is deployed with schedules: a repository of jobs is some hundred files and megabytes. */
  deployFiles: 10_000,
  deployBytes: 1024 * 1024 * 1024,
  /** Uploads side by side: each is a round trip, and ten of them fill a usual line. */
  deployUploads: 10,
  /** Names of uploaded files that are told: what changed between two deployments is a handful. */
  deployToldFiles: 20,
  /** How long a new schedules file may take to become the live one: a new trigger takes five minutes. */
  deployApplyMs: 6 * MINUTE_MS,
  /** How often it is asked whether it has. */
  deployPollMs: 3 * SECOND_MS,
  /** A clock that is further off than this fires its schedules noticeably early or late. */
  clockSkewMs: 2 * SECOND_MS,
  /** One call of a platform elsewhere: its api function has 30 s, and a gateway in front starts cold. */
  remoteCallMs: 60 * SECOND_MS,
  /** How often what only reads is asked, and the pause between: a gateway's 503 is over in seconds. */
  remoteTries: 3,
  remotePauseMs: SECOND_MS,
  /** An answer of a platform elsewhere: a gateway lets 2.5 MB through, a laptop a message of 4 MB. */
  remoteAnswerBytes: 8 * 1024 * 1024,
};
