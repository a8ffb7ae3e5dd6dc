import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Process tests start real shells: a shared machine can be slow, and a timeout is not a measurement.
    testTimeout: 60_000,
    // End-to-end tests mostly wait for processes, so a worker more than there are cores pays.
    maxWorkers: 3,
    hookTimeout: 60_000,
  },
});
