/** The process that answers. */

import * as v from 'valibot'
import { COUNT, NUMBER_OR_NULL } from './shared-schemas.ts'

const SLOW_TRIGGER = v.strictObject({
  trigger: v.string(),
  polls: COUNT,
  meanMs: v.pipe(v.number(), v.description('mean time from the start of a poll to its result')),
  meanLatenessMs: v.number(),
})

export const PROCESS = v.strictObject({
  pid: COUNT,
  node: v.string(),
  uptimeMs: v.number(),
  memory: v.strictObject({ residentBytes: COUNT, heapBytes: COUNT }),
  now: v.strictObject({
    activeExecutions: COUNT,
    activeAttempts: COUNT,
    waitingTasks: COUNT,
    slots: COUNT,
    freeSlots: COUNT,
    activePolls: COUNT,
    oldestDueMs: v.pipe(v.number(), v.description('time since the oldest poll was due that has not ended')),
    latestPollMs: v.pipe(
      v.number(),
      v.description(
        'longest delay of the polls that are due or running; a running poll is late only if it started late',
      ),
    ),
  }),
  interpreters: v.array(
    v.strictObject({
      name: v.string(),
      python: v.pipe(v.string(), v.description("`pyodide`, or the name or path of the system's CPython")),
      state: v.picklist(['starting', 'live']),
      residentBytes: NUMBER_OR_NULL,
    }),
  ),
  restarts: v.strictObject({ died: COUNT, ceiling: COUNT, idle: COUNT }),
  store: v.strictObject({
    commits: v.pipe(COUNT, v.description('write transactions since the runner was opened')),
    meanCommitMs: v.number(),
    refused: COUNT,
    locked: COUNT,
  }),
  slowTriggers: v.pipe(
    v.array(SLOW_TRIGGER),
    v.description('the five triggers with the longest polls since the runner was opened'),
  ),
})
