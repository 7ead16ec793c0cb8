/**
 * How long tests wait for what comes at once on an idle machine. No test measures how long something takes: what has
 * not come by then hangs, however busy the machine is. Taken by whatever waits for an event, and by vitest.config.ts.
 */

/** For one event: a line that is printed, the end of a process. */
export const LIMIT_MS = 120_000

/** For a test, with its hooks: later than the limit of an event, which tells what was waited for. */
export const TEST_LIMIT_MS = 3 * LIMIT_MS
