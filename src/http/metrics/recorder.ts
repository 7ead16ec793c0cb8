/**
 * Counts what the engine reports. A poll costs an addition or two and no string: there may be thousands of them a second.
 * Names of triggers and workflows are bounded: what comes after the first 500 is counted as `other`.
 */

import type { ExecutionStatus } from '../../model/execution.ts'
import type { TickOutcome } from '../../model/schedule.ts'
import type { Runner } from '../../runner/runner.ts'

export const OTHER = 'other'
const NAMED_AT_MOST = 500

/** Upper bounds in seconds. */
export const BUCKETS_S: readonly number[] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300]

export class Histogram {
  /** By bucket, the last for what is beyond all bounds. */
  readonly counts = new Float64Array(BUCKETS_S.length + 1)
  sumSeconds = 0

  observe(durationMs: number): void {
    const seconds = durationMs / 1_000
    let bucket = 0
    while (bucket < BUCKETS_S.length && seconds > (BUCKETS_S[bucket] ?? 0)) bucket++
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1
    this.sumSeconds += seconds
  }
}

export interface TriggerCounts {
  readonly polls: Record<TickOutcome, number>
  readonly lateness: Histogram
  readonly duration: Histogram
}

export interface WorkflowCounts {
  started: number
  cronFirings: number
  attempts: number
  retries: number
  readonly ended: Partial<Record<ExecutionStatus, number>>
  readonly tasks: Partial<Record<'Completed' | 'Failed' | 'Skipped' | 'Cancelled', number>>
  readonly taskDuration: Histogram
}

/** What an attempt that is under way would leave behind if its end were never reported. */
const REMEMBERED_ATTEMPTS = 10_000

export class MetricsRecorder {
  readonly triggers = new Map<string, TriggerCounts>()
  readonly workflows = new Map<string, WorkflowCounts>()
  readonly warnings = new Map<string, number>()
  readonly activeExecutions = new Set<string>()
  /** When those that run began, by execution and task. */
  readonly runningAttempts = new Map<string, number>()
  quarantines = 0
  troubles = 0

  constructor(runner: Runner) {
    runner.on('tick', ({ trigger, outcome, latenessMs, durationMs }) => {
      const counts = this.#trigger(trigger)
      counts.polls[outcome]++
      if (latenessMs !== null) counts.lateness.observe(latenessMs)
      if (durationMs !== null) counts.duration.observe(durationMs)
    })
    runner.on('cronFired', ({ workflow }) => void this.#workflow(workflow).cronFirings++)
    runner.on('executionStarted', ({ executionId, workflow }) => {
      this.activeExecutions.add(executionId)
      this.#workflow(workflow).started++
    })
    runner.on('executionFinished', ({ executionId, workflow, status }) => {
      this.activeExecutions.delete(executionId)
      const { ended } = this.#workflow(workflow)
      ended[status] = (ended[status] ?? 0) + 1
    })
    this.#countTasks(runner)
    runner.on('warning', ({ code }) => void this.warnings.set(code, (this.warnings.get(code) ?? 0) + 1))
    runner.on('scriptQuarantined', () => void this.quarantines++)
    runner.on('trouble', () => void this.troubles++)
  }

  #countTasks(runner: Runner): void {
    runner.on('taskStarted', ({ executionId, workflow, taskId, at }) => {
      this.#workflow(workflow).attempts++
      if (this.runningAttempts.size < REMEMBERED_ATTEMPTS) this.runningAttempts.set(`${executionId} ${taskId}`, at)
    })
    runner.on('taskRetried', ({ executionId, workflow, taskId }) => {
      this.#workflow(workflow).retries++
      this.#attemptEnded(workflow, executionId, taskId, runner.now())
    })
    runner.on('taskFinished', ({ executionId, workflow, taskId, status, at }) => {
      const { tasks } = this.#workflow(workflow)
      tasks[status] = (tasks[status] ?? 0) + 1
      this.#attemptEnded(workflow, executionId, taskId, at)
    })
  }

  #attemptEnded(workflow: string, executionId: string, taskId: string, at: number): void {
    const key = `${executionId} ${taskId}`
    const startedAt = this.runningAttempts.get(key)
    if (startedAt === undefined) return
    this.runningAttempts.delete(key)
    this.#workflow(workflow).taskDuration.observe(Math.max(0, at - startedAt))
  }

  #trigger(name: string): TriggerCounts {
    return bounded(this.triggers, name, () => ({
      polls: { skipped: 0, fired: 0, duplicate: 0, limited: 0, failed: 0, timedOut: 0 },
      lateness: new Histogram(),
      duration: new Histogram(),
    }))
  }

  #workflow(name: string): WorkflowCounts {
    return bounded(this.workflows, name, () => ({
      started: 0,
      cronFirings: 0,
      attempts: 0,
      retries: 0,
      ended: {},
      tasks: {},
      taskDuration: new Histogram(),
    }))
  }
}

function bounded<Counts>(all: Map<string, Counts>, name: string, make: () => Counts): Counts {
  const found = all.get(name)
  if (found !== undefined) return found
  const key = all.size < NAMED_AT_MOST ? name : OTHER
  const counts = all.get(key) ?? make()
  all.set(key, counts)
  return counts
}
