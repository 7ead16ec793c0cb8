/** Wait of a stopping engine for its polls. Unlike a task, a poll is repeated by the next engine in any case. */

/** Maximum time for which a stopping engine waits for running polls, also if the grace for tasks is longer. */
export const MAX_POLL_WAIT_MS = 2_000
