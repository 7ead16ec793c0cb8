/** `/api/v1/process`: state of the process that answers, with some of the numbers of `/metrics`. */

import type { Histogram } from '../../metrics/histogram.ts'
import type { Runner } from '../../runner/runner.ts'
import { type Operation, readOperation } from '../operations.ts'
import { PROCESS } from '../schemas/process-schemas.ts'

const SLOW_TRIGGERS = 5
const MS_A_SECOND = 1_000
const NO_RESTARTS = { died: 0, ceiling: 0, idle: 0 }

export const PROCESS_OPERATIONS: readonly Operation[] = [
  readOperation({
    path: '/process',
    tag: 'system',
    summary:
      'Get memory use, interpreters, database statistics and slowest triggers of the engine that answers the request',
    answer: PROCESS,
    handle: async ({ runner }) => processRecord(runner),
  }),
]

function processRecord(runner: Runner) {
  const { engine, store, now, host } = runner.measure()
  const { rss, heapUsed } = process.memoryUsage()
  const { write, accept } = store.commits
  const commits = write.duration.count + accept.duration.count
  const { triggers: _, openWaits: _waits, openApprovals: _approvals, limits: _limits, ...gauges } = now
  return {
    pid: process.pid,
    node: process.versions.node,
    uptimeMs: Math.round(process.uptime() * MS_A_SECOND),
    memory: { residentBytes: rss, heapBytes: heapUsed },
    now: gauges,
    interpreters: host?.interpreters ?? [],
    restarts: host?.restarts ?? NO_RESTARTS,
    store: {
      commits,
      meanCommitMs: commits === 0 ? 0 : (write.duration.sumMs + accept.duration.sumMs) / commits,
      refused: store.refused,
      locked: store.locked,
    },
    slowTriggers: [...engine.triggers]
      .map(([trigger, { duration, lateness }]) => {
        return { trigger, polls: duration.count, meanMs: mean(duration), meanLatenessMs: mean(lateness) }
      })
      .filter(({ polls }) => polls > 0)
      .sort((one, other) => other.meanMs - one.meanMs)
      .slice(0, SLOW_TRIGGERS),
  }
}

function mean({ sumMs, count }: Histogram): number {
  return count === 0 ? 0 : sumMs / count
}
