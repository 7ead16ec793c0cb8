/**
 * Time limits of tests, long enough for a busy machine: an event that has not occurred by then never will. Tests do
 * not measure durations. Used by all helpers that wait for an event, and by vitest.config.ts.
 */

/** Time limit of one event, such as a printed line or the end of a process. */
export const LIMIT_MS = 120_000

/** Time limit of a test with its hooks. Longer than the limit of an event, whose message names the event. */
export const TEST_LIMIT_MS = 3 * LIMIT_MS
