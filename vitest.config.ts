import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // End-to-end tests mostly wait for processes, so a worker more than there are cores pays.
    maxWorkers: 3,
    projects: [
      {
        test: {
          name: "orrery",
          include: ["test/**/*.test.ts"],
          // A folder for what is built once in a run, by the first test that needs it.
          globalSetup: ["test/support/bundles-folder.ts"],
          // Process tests start real shells: a shared machine can be slow, and a timeout is not a
          // measurement.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Every use case on the other engine: each transaction is some requests over a socket.
        test: {
          name: "on YDB",
          include: ["test/usecases/**/*.test.ts"],
          exclude: [
            // It brings a database of its own, whichever engine the others have.
            "test/usecases/request-units.test.ts",
            // Which of several that are woken at one instant is decided on first is chance over a socket,
            // and it compares a projection with the platform run by run.
            "test/usecases/forecast/projection-lives.test.ts",
          ],
          env: { TEST_STORE: "ydb" },
          testTimeout: 1_200_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
