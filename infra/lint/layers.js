/**
 * The arrows of the house, as lint rules.
 *
 *   handler ──▶ wiring ──┬─▶ api ─▶ usecases ──┬─▶ records, config ─▶ ports ──▶ core
 *                        └─▶ adapters ─────────┘
 *
 * `gen` is what buf makes of `proto`; only `api` and the faces that serve it see it.
 *
 * An arrow means "may import", and steps may be skipped towards the right. Only a wiring file names
 * adapters. `core` is pure: it imports only `core`, the one parser it stands on, and a hash.
 */

const deny = (...rules) => ({
  "no-restricted-imports": [
    "error",
    { patterns: rules.map(([regex, message]) => ({ regex, message })) },
  ],
});

const CORE = [
  "^(?!\\.|cron-parser$|node:crypto$)",
  "core imports only core (and cron-parser, node:crypto's hash): it is pure and total.",
];
const to = (folders, message) => [`(^|/)(${folders})/`, message];

const pureGlobals = ["process", "setTimeout", "setInterval", "fetch", "console", "performance"].map(
  (name) => ({ name, message: "core receives values, never the world." }),
);
const pureProperties = [
  { object: "Date", property: "now", message: "Time comes through Clock, as a value." },
  { object: "Math", property: "random", message: "Randomness comes through Random, as a value." },
];
const clockless = {
  "no-restricted-properties": ["error", ...pureProperties],
  "no-restricted-syntax": [
    "error",
    {
      selector: "NewExpression[callee.name='Date'][arguments.length=0]",
      message: "Time comes through Clock.",
    },
  ],
};

export const layers = [
  {
    files: ["shared/core/**"],
    rules: {
      ...deny(
        CORE,
        to(
          "ports|usecases|adapters|records|config|gen|functions|infra|cli",
          "core imports only core.",
        ),
      ),
      ...clockless,
      "no-restricted-globals": ["error", ...pureGlobals],
      "no-restricted-syntax": [
        "error",
        ...clockless["no-restricted-syntax"].slice(1),
        { selector: ":function[async=true]", message: "core is synchronous." },
      ],
    },
  },
  {
    files: ["shared/ports/**"],
    rules: deny(
      to("usecases|adapters|records|config|gen|functions|infra|cli", "A port knows core alone."),
    ),
  },
  {
    files: ["shared/records/**", "shared/config/**"],
    rules: {
      ...deny(
        to("usecases|adapters|gen|functions|infra|cli", "Records and config know ports and core."),
      ),
      ...clockless,
    },
  },
  {
    files: ["shared/usecases/**"],
    rules: {
      ...deny(
        to(
          "adapters|api|gen|functions|infra|cli",
          "A use case sees ports and core, never an adapter.",
        ),
        ["^node:(?!crypto$)", "A use case reaches the world through ports."],
      ),
      ...clockless,
    },
  },
  {
    files: ["shared/api/**"],
    rules: {
      ...deny(to("adapters|functions|infra|cli", "The API face sees use cases, never an adapter.")),
      ...clockless,
    },
  },
  {
    files: ["shared/adapters/**"],
    rules: deny(
      to("usecases|api|functions|infra|cli", "An adapter implements a port and knows no use case."),
    ),
  },
  {
    files: ["functions/**", "cli/**", "infra/local/**", "infra/simulation/**"],
    ignores: ["functions/cloud/parts/**", "infra/*/{wiring,*-wiring}.ts"],
    rules: deny(to("adapters", "Only a composition root names adapters.")),
  },
  {
    files: ["functions/**", "shared/**", "infra/local/**", "infra/simulation/**", "cli/**"],
    ignores: ["shared/adapters/system/**", "shared/core/**", "shared/usecases/**"],
    rules: { "no-restricted-properties": ["error", ...pureProperties] },
  },
];
