import { describe, expect, it } from "vitest";
import { SECOND_MS } from "../../shared/core/time/duration.ts";
import { Home } from "./home.ts";

const schedules = (command: string): string => `version: 1
defaults: { project: demo }
schedules:
  steady:
    when: { every: 1s }
    overlap: allow
    job: { cmd: "${command}" }
`;

describe.concurrent("a schedules file that changes while the platform runs", () => {
  it("is applied when it is good, and reported and ignored when it is not", async (test) => {
    const home = await Home.of(test);
    await home.write("orrery.yaml", schedules("echo first"));
    const platform = home.up();
    await platform.line(/│ first/);

    await home.write("orrery.yaml", schedules("echo second").replace("every: 1s", "evry: 1s"));
    const problem = await platform.line(/orrery\.yaml:5:13/);
    expect(problem).toContain("evry");
    await platform.line(/The live configuration stays as it was: .* has \d problems?/);
    const firstsSoFar = platform.output.match(/│ first/g)?.length ?? 0;
    await platform.lines(/│ first/, firstsSoFar + 2);
    expect(platform.output).not.toContain("│ second");

    await home.write("orrery.yaml", schedules("echo third"));
    await platform.line(/Configuration applied: schedules added 0, changed 1/);
    await platform.line(/│ third/);
    platform.signal("SIGINT");

    expect((await platform.ended).code).toBe(0);
  });

  it("may go away and come back: the live one goes on firing meanwhile", async (test) => {
    const home = await Home.of(test);
    await home.write("orrery.yaml", schedules("echo first"));
    const platform = home.up();
    await platform.address();

    await home.remove("orrery.yaml");
    await platform.line(/The live configuration stays as it was: Cannot read/);
    const firstsSoFar = platform.output.match(/│ first/g)?.length ?? 0;
    await platform.lines(/│ first/, firstsSoFar + 1);
    await home.write("orrery.yaml", schedules("echo back"));

    await platform.line(/│ back/);
  });

  it("may add a schedule, which fires from then on and not from the next tick", async (test) => {
    const home = await Home.of(test);
    await home.write("orrery.yaml", schedules("echo first"));
    const platform = home.up();
    await platform.address();

    await home.write(
      "orrery.yaml",
      schedules("echo first").concat(`
  newcomer:
    when: { every: 1s }
    job: { cmd: "echo new" }
`),
    );
    await platform.line(/│ new/);
    platform.signal("SIGINT");
    await platform.ended;

    const first = (await home.runs()).find((run) => run.schedule === "newcomer");
    const lateMs = (first?.attempts[0]?.admittedAt ?? Number.NaN) - (first?.effectiveAt ?? 0);
    // The next tick is half a minute away, on average.
    expect(lateMs).toBeLessThan(3 * SECOND_MS);
  });
});
