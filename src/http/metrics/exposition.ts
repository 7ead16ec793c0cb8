/** The text of `/metrics`, made when it is asked for. */

import type { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Runner } from '../../runner/runner.ts'
import { BUCKETS_S, type Histogram, type MetricsRecorder } from './recorder.ts'

/** In nanoseconds. */
type LoopDelay = ReturnType<typeof monitorEventLoopDelay>

type Labels = Readonly<Record<string, string>>
type Sample = readonly [labels: Labels, value: number]

const ALL = 1_000_000
const NANOSECONDS = 1e9

export async function metricsText(runner: Runner, recorder: MetricsRecorder, delay: LoopDelay): Promise<string> {
  return [
    ...triggerFamilies(recorder),
    ...workflowFamilies(recorder),
    ...(await databaseFamilies(runner)),
    ...processFamilies(recorder, delay),
    '',
  ].join('\n')
}

function triggerFamilies({ triggers }: MetricsRecorder): string[] {
  const all = [...triggers]
  const of = (outcome: 'fired' | 'duplicate' | 'limited'): Sample[] =>
    all.map(([trigger, { polls }]) => [{ trigger }, polls[outcome]])
  const polls = all.flatMap(([trigger, counts]) =>
    Object.entries(counts.polls).map(([outcome, count]): Sample => [{ trigger, outcome }, count]),
  )
  return [
    ...family('cloaca_polls_total', 'counter', 'Polls by trigger and outcome.', polls),
    ...family('cloaca_firings_total', 'counter', 'Firings that started an execution.', of('fired')),
    ...family('cloaca_duplicates_total', 'counter', 'Firings dropped while an equal one was active.', of('duplicate')),
    ...family('cloaca_limited_total', 'counter', 'Firings beyond max_active.', of('limited')),
    ...histograms(
      'cloaca_poll_lateness_seconds',
      'From when a poll was due to when it was asked.',
      all.map(([trigger, { lateness }]) => [{ trigger }, lateness]),
    ),
    ...histograms(
      'cloaca_poll_duration_seconds',
      'From when a poll was asked to its answer.',
      all.map(([trigger, { duration }]) => [{ trigger }, duration]),
    ),
  ]
}

function workflowFamilies({ workflows }: MetricsRecorder): string[] {
  const all = [...workflows]
  const of = (key: 'started' | 'cronFirings' | 'attempts' | 'retries'): Sample[] =>
    all.map(([workflow, counts]) => [{ workflow }, counts[key]])
  const by = (key: 'ended' | 'tasks'): Sample[] =>
    all.flatMap(([workflow, counts]) =>
      Object.entries(counts[key]).map(([status, count]): Sample => [{ workflow, status }, count]),
    )
  return [
    ...family('cloaca_executions_total', 'counter', 'Executions that ended, by status.', by('ended')),
    ...family('cloaca_executions_started_total', 'counter', 'Executions that this process began.', of('started')),
    ...family('cloaca_cron_firings_total', 'counter', 'Firings of cron schedules.', of('cronFirings')),
    ...family('cloaca_tasks_total', 'counter', 'Tasks that ended, by status.', by('tasks')),
    ...family('cloaca_attempts_total', 'counter', 'Attempts of tasks that began.', of('attempts')),
    ...family('cloaca_retries_total', 'counter', 'Attempts that failed and are followed by another.', of('retries')),
    ...histograms(
      'cloaca_task_duration_seconds',
      'How long attempts of tasks ran.',
      all.map(([workflow, { taskDuration }]) => [{ workflow }, taskDuration]),
    ),
  ]
}

/** What the database knows, as it does for every process that serves it. */
async function databaseFamilies(runner: Runner): Promise<string[]> {
  const triggers = await runner.triggers.list({ limit: ALL })
  const enabled = triggers.filter(({ isEnabled }) => isEnabled)
  const now = runner.now()
  const overdueMs = enabled.map((row) => now - (row.lastPollAt ?? row.createdAt) - row.pollIntervalMs)
  const counts: Sample[] = [
    [{ state: 'enabled' }, enabled.length],
    [{ state: 'disabled' }, triggers.length - enabled.length],
  ]
  const oldest = overdueMs.reduce((most, each) => Math.max(most, each), 0) / 1_000
  return [
    ...family('cloaca_triggers', 'gauge', 'Polled triggers of the database.', counts),
    ...family('cloaca_oldest_due_trigger_seconds', 'gauge', 'How long the most overdue trigger has been due.', [
      [{}, oldest],
    ]),
  ]
}

function processFamilies(recorder: MetricsRecorder, delay: LoopDelay): string[] {
  const { rss, heapUsed } = process.memoryUsage()
  const gauge = (name: string, help: string, value: number) => family(name, 'gauge', help, [[{}, value]])
  const quantiles = [50, 99].map(
    (percent): Sample => [{ quantile: String(percent / 100) }, delay.percentile(percent) / NANOSECONDS],
  )
  const warnings = [...recorder.warnings].map(([code, count]): Sample => [{ code }, count])
  return [
    ...gauge('cloaca_executions_active', 'Executions that this process runs.', recorder.activeExecutions.size),
    ...gauge('cloaca_attempts_active', 'Attempts of tasks that run now.', recorder.runningAttempts.size),
    ...family('cloaca_quarantines_total', 'counter', 'Scripts that got an interpreter of their own.', [
      [{}, recorder.quarantines],
    ]),
    ...family('cloaca_warnings_total', 'counter', 'Warnings, by code.', warnings),
    ...family('cloaca_troubles_total', 'counter', 'Steps that failed and are tried again.', [[{}, recorder.troubles]]),
    ...family('cloaca_event_loop_delay_seconds', 'gauge', 'How late the event loop is.', quantiles),
    ...gauge('cloaca_memory_resident_bytes', "Memory of the engine's process.", rss),
    ...gauge('cloaca_memory_heap_bytes', 'Memory that its JavaScript uses.', heapUsed),
    ...gauge('cloaca_uptime_seconds', 'How long the process has run.', process.uptime()),
  ]
}

function family(name: string, type: string, help: string, samples: readonly Sample[]): string[] {
  return [...head(name, type, help), ...samples.map(([labels, value]) => line(name, labels, value))]
}

function histograms(name: string, help: string, all: readonly (readonly [Labels, Histogram])[]): string[] {
  const lines = all.flatMap(([labels, { counts, sumSeconds }]) => {
    let count = 0
    const buckets = [...counts].map((each, index) => {
      count += each
      return line(`${name}_bucket`, { ...labels, le: String(BUCKETS_S[index] ?? '+Inf') }, count)
    })
    return [...buckets, line(`${name}_sum`, labels, sumSeconds), line(`${name}_count`, labels, count)]
  })
  return [...head(name, 'histogram', help), ...lines]
}

function head(name: string, type: string, help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`)
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}
