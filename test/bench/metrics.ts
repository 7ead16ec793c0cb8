/**
 * Cost of metrics: per poll and per attempt, without and with a listener, and for a scrape. The benchmark makes the
 * same calls as the scheduler and the executor.
 */

import { EngineEvents } from '../../src/engine/engine-events.ts'
import { exposition } from '../../src/http/metrics/exposition.ts'
import { families } from '../../src/http/metrics/metric-families.ts'
import { type EngineCounters, type TriggerCounters, WorkflowCounters } from '../../src/metrics/engine-counters.ts'
import { Histogram, SHORT_BOUNDS_MS } from '../../src/metrics/histogram.ts'
import { StoreCounters } from '../../src/metrics/store-counters.ts'
import type { Figure } from './figure.ts'

const CALLS = 5_000_000
const ROUNDS = 7
const NAMED = 500
const US_PER_MS = 1_000
const POLL_BUDGET_US = 0.3
const GAUGES = {
  activeExecutions: 1,
  activeAttempts: 1,
  waitingTasks: 0,
  slots: 4,
  freeSlots: 3,
  triggers: { enabled: 1, disabled: 0, polled: 1 },
  activePolls: 0,
  waitingEvents: new Map(),
  openWaits: new Map(),
  openApprovals: 0,
  limits: [],
  oldestDueMs: 0,
  latestPollMs: 0,
}

export async function metricsFigures(): Promise<Figure[]> {
  const events = new EngineEvents()
  // Each trigger has its own counters, as in the scheduler.
  const triggers = Array.from({ length: 1_024 }, (_, index) => events.counters.triggers.of(`t${index}`))
  const poll = costOf((index) => recordPoll(events, triggers[index & 1_023] as TriggerCounters, index))
  events.on('tick', () => {})
  const heard = costOf((index) => recordPoll(events, triggers[index & 1_023] as TriggerCounters, index))
  const workflow = new WorkflowCounters()
  const attempt = costOf((index) => recordAttempt(workflow, index))
  const scrape = await scrapeFigure(events.counters)
  return [
    { name: 'all metrics of one poll', value: poll, unit: 'µs', budget: POLL_BUDGET_US },
    { name: 'the same where somebody listens to ticks', value: heard, unit: 'µs' },
    { name: 'all metrics of one attempt', value: attempt, unit: 'µs' },
    scrape,
  ]
}

/** Counts one poll, like `TickRecorder`. */
function recordPoll(events: EngineEvents, counters: TriggerCounters, index: number): void {
  const latenessMs = index & 7
  const durationMs = index & 15
  counters.polled('skipped', latenessMs, durationMs)
  if (events.isHeard('tick'))
    events.emit('tick', { trigger: 'inbox', at: index, outcome: 'skipped', latenessMs, durationMs, reason: null })
}

/** Counts one attempt, like the executor. */
function recordAttempt(counters: WorkflowCounters, index: number): void {
  counters.queueWait.observe(index & 7)
  counters.taskDuration.observe(index & 1_023)
  counters.attempts.completed += 1
  counters.tasks.Completed += 1
}

/** Returns the median cost of a call in microseconds, without the cost of the loop. */
function costOf(call: (index: number) => void): number {
  const round = (body: (index: number) => void): number => {
    const begin = performance.now()
    for (let index = 0; index < CALLS; index++) body(index)
    return performance.now() - begin
  }
  const rounds = Array.from({ length: ROUNDS }, () => round(call) - round(nothing))
  const median = rounds.toSorted((one, other) => one - other)[ROUNDS >> 1] ?? Number.NaN
  return (median * US_PER_MS) / CALLS
}

let last = 0
function nothing(index: number): void {
  last = index
}

/** Measures a scrape with the maximum number of names. */
async function scrapeFigure(engine: EngineCounters): Promise<Figure> {
  for (let index = 0; index < NAMED; index++) engine.workflows.of(`w${index}`).started += 1
  const delay = new Histogram(SHORT_BOUNDS_MS)
  const samples: number[] = []
  let length = last * 0
  for (let round = 0; round < 20; round++) {
    const begin = performance.now()
    length = exposition(families({ engine, store: new StoreCounters(), now: GAUGES, host: null }, delay)).length
    samples.push(performance.now() - begin)
  }
  const value = samples.toSorted((one, other) => one - other)[10] ?? Number.NaN
  const note = `${(length / 1_048_576).toFixed(1)} MiB of text`
  return { name: `a scrape of ${NAMED} triggers and workflows`, value, unit: 'ms', note }
}
