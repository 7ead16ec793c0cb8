/** All metrics: their names, meanings and sources. Listed in `docs/metrics.md`. */

import type { WorkflowCounters } from '../../metrics/engine-counters.ts'
import type { Histogram } from '../../metrics/histogram.ts'
import type { HostMeasurements, Measurements } from '../../metrics/measurements.ts'
import { OTHER } from '../../metrics/named-counters.ts'
import type { CommitCounters } from '../../metrics/store-counters.ts'
import { packageVersion } from '../package-version.ts'
import type { Labels, MetricFamily } from './exposition.ts'
import { limitFamilies } from './limit-families.ts'

type Sample = readonly [labels: Labels, value: number]

const MS_PER_S = 1_000

export function families(measurements: Measurements, eventLoopDelay: Histogram): readonly MetricFamily[] {
  return [
    ...triggerFamilies(measurements),
    ...executionFamilies(measurements),
    ...taskFamilies(measurements),
    ...waitFamilies(measurements),
    ...limitFamilies(measurements.now.limits).map(({ name, help, samples }) => gauge(name, help, samples)),
    ...graphFamilies(measurements),
    ...storeFamilies(measurements),
    ...interpreterFamilies(measurements),
    ...processFamilies(measurements, eventLoopDelay),
  ]
}

function triggerFamilies({ engine, now }: Measurements): readonly MetricFamily[] {
  const all = [...engine.triggers].map(([trigger, counters]) => ({ labels: { trigger }, ...counters }))
  const polls = all.flatMap(({ labels, polls }) =>
    Object.entries(polls).map(([outcome, value]): Sample => [{ ...labels, outcome }, value]),
  )
  const limited = all.map(({ labels, polls, byHand }): Sample => [labels, polls.limited + byHand.limited])
  const started = all.map(({ labels, firings, byHand }): Sample => [labels, firings.started + byHand.fired])
  const duplicates = all.map(({ labels, firings, byHand }): Sample => [labels, firings.duplicate + byHand.duplicate])
  const { enabled, disabled, polled } = now.triggers
  return [
    counter('cloaca_polls_total', 'Polls, by trigger and outcome.', polls),
    counter('cloaca_firings_total', 'Firings that started an execution, from polls and by users.', started),
    counter(
      'cloaca_duplicates_total',
      'Firings dropped because their key had fired or an execution with the same context was active.',
      duplicates,
    ),
    counter('cloaca_limited_total', 'Firings dropped because max_active was reached.', limited),
    histogram(
      'cloaca_poll_lateness_seconds',
      'Delay from the due time of a poll to its start.',
      all.map(({ labels, lateness }) => [labels, lateness]),
    ),
    histogram(
      'cloaca_poll_duration_seconds',
      'Time from the start of a poll to its result.',
      all.map(({ labels, duration }) => [labels, duration]),
    ),
    counter('cloaca_cron_firings_total', 'Firings of cron schedules, by workflow.', byWorkflow(engine, 'cronFirings')),
    gauge('cloaca_triggers', 'Polled triggers that the scripts declare, by state.', [
      [{ state: 'enabled' }, enabled],
      [{ state: 'disabled' }, disabled],
    ]),
    gauge('cloaca_triggers_polled', 'Triggers that this process polls.', polled),
    gauge('cloaca_polls_active', 'Polls in progress.', now.activePolls),
    gauge(
      'cloaca_oldest_due_trigger_seconds',
      'Time since the oldest unfinished poll was due; 0 if there is none.',
      now.oldestDueMs / MS_PER_S,
    ),
  ]
}

function executionFamilies({ engine, now }: Measurements): readonly MetricFamily[] {
  return [
    counter(
      'cloaca_executions_started_total',
      'Executions started by this process, by workflow.',
      byWorkflow(engine, 'started'),
    ),
    counter(
      'cloaca_executions_total',
      'Executions that ended, by workflow and status.',
      labelled(engine, 'status', ({ ended }) => ended),
    ),
    histogram(
      'cloaca_execution_duration_seconds',
      'Time from the acceptance of an execution to its end.',
      [...engine.workflows].map(([workflow, { executionDuration }]) => [{ workflow }, executionDuration]),
    ),
    gauge('cloaca_executions_active', 'Executions that this process is running.', now.activeExecutions),
  ]
}

function taskFamilies({ engine, now }: Measurements): readonly MetricFamily[] {
  const all = [...engine.workflows]
  return [
    counter(
      'cloaca_tasks_total',
      'Tasks that ended, by workflow and status.',
      labelled(engine, 'status', ({ tasks }) => tasks),
    ),
    counter(
      'cloaca_attempts_total',
      'Task attempts that ended, by workflow and outcome.',
      labelled(engine, 'outcome', ({ attempts }) => attempts),
    ),
    counter(
      'cloaca_retries_total',
      'Failed task attempts that are retried, by workflow.',
      byWorkflow(engine, 'retries'),
    ),
    histogram(
      'cloaca_queue_wait_seconds',
      'Time that ready tasks waited before they started.',
      all.map(([workflow, { queueWait }]) => [{ workflow }, queueWait]),
    ),
    histogram(
      'cloaca_task_duration_seconds',
      'Duration of task attempts.',
      all.map(([workflow, { taskDuration }]) => [{ workflow }, taskDuration]),
    ),
    gauge('cloaca_attempts_active', 'Task attempts in progress.', now.activeAttempts),
    gauge('cloaca_tasks_waiting', 'Ready tasks that wait for a slot.', now.waitingTasks),
    gauge('cloaca_slots', 'Maximum number of tasks that run at the same time.', now.slots),
    gauge('cloaca_slots_free', 'Slots that no task occupies.', now.freeSlots),
  ]
}

function waitFamilies({ engine, now }: Measurements): readonly MetricFamily[] {
  const open = new Map<string, number>([...['delay', 'signal', 'approval', 'child'].map((kind) => [kind, 0] as const)])
  for (const [kind, count] of now.openWaits) open.set(kind, count)
  return [
    gauge(
      'cloaca_waits_open',
      'Open waits of nodes in the database, by kind.',
      [...open].map(([kind, count]): Sample => [{ kind }, count]),
    ),
    gauge('cloaca_approvals_open', 'Open approvals in the database.', now.openApprovals),
    counter(
      'cloaca_signals_total',
      'Signals that this process received, by outcome.',
      Object.entries(engine.signals).map(([outcome, value]): Sample => [{ outcome }, value]),
    ),
  ]
}

function graphFamilies({ engine, now }: Measurements): readonly MetricFamily[] {
  const sources = [...engine.sources]
  const events = sources.flatMap(([source, counters]) =>
    Object.entries(counters).map(([outcome, value]): Sample => [{ source, outcome }, value]),
  )
  const waiting = new Map(sources.map(([source]) => [source, 0]))
  for (const [name, count] of now.waitingEvents) {
    const source = waiting.has(name) ? name : OTHER
    waiting.set(source, (waiting.get(source) ?? 0) + count)
  }
  return [
    counter('cloaca_source_events_total', 'Events of sources, by outcome.', events),
    gauge(
      'cloaca_source_events_waiting',
      'Events that wait for accumulation.',
      [...waiting].map(([source, count]): Sample => [{ source }, count]),
    ),
    counter(
      'cloaca_reactor_firings_total',
      'Firings of reactors, both by sources and by users.',
      [...engine.reactors].map(([reactor, { firings }]): Sample => [{ reactor }, firings]),
    ),
    counter(
      'cloaca_subscriptions_degraded_total',
      'Subscriptions suspended because their predicate failed repeatedly.',
      [...engine.reactors].map(([reactor, { degraded }]): Sample => [{ reactor }, degraded]),
    ),
    counter(
      'cloaca_graph_runs_total',
      'Runs of computation graphs for reactor firings.',
      [...engine.graphs].map(([graph, { runs }]): Sample => [{ graph }, runs]),
    ),
    counter(
      'cloaca_graph_failures_total',
      'Failed runs of computation graphs.',
      [...engine.graphs].map(([graph, { failures }]): Sample => [{ graph }, failures]),
    ),
  ]
}

function storeFamilies({ store }: Measurements): readonly MetricFamily[] {
  const all = Object.entries(store.commits) as [string, CommitCounters][]
  return [
    counter(
      'cloaca_store_commits_total',
      'Database transactions, by kind. A power failure can undo kind "write", but not kind "accept".',
      all.map(([kind, { duration }]): Sample => [{ kind }, duration.count]),
    ),
    counter(
      'cloaca_store_steps_total',
      'Reads and writes in database transactions. Several can share a transaction.',
      all.map(([kind, { steps }]): Sample => [{ kind }, steps]),
    ),
    histogram(
      'cloaca_store_commit_duration_seconds',
      'Duration of database transactions.',
      all.map(([kind, { duration }]) => [{ kind }, duration]),
    ),
    counter('cloaca_store_refused_total', 'Reads and writes that the database rejected.', store.refused),
    counter('cloaca_store_locked_total', 'Number of times that another process held the database lock.', store.locked),
  ]
}

function interpreterFamilies({ host, engine }: Measurements): readonly MetricFamily[] {
  const { restarts, interpreters }: HostMeasurements = host ?? {
    restarts: { died: 0, ceiling: 0, idle: 0 },
    interpreters: [],
  }
  const memory = new Map<string, number>()
  for (const { name, residentBytes } of interpreters) {
    if (residentBytes !== null) memory.set(name, (memory.get(name) ?? 0) + residentBytes)
  }
  const inState = (state: string): Sample => [{ state }, interpreters.filter((each) => each.state === state).length]
  return [
    gauge('cloaca_interpreters', 'Interpreter processes that run Python, by state.', [
      inState('live'),
      inState('starting'),
    ]),
    counter(
      'cloaca_interpreter_restarts_total',
      'Interpreters started to replace another one, by cause.',
      Object.entries(restarts).map(([cause, value]): Sample => [{ cause }, value]),
    ),
    counter(
      'cloaca_quarantines_total',
      'Scripts moved to their own interpreter because they hung or killed an interpreter.',
      engine.quarantines,
    ),
    gauge(
      'cloaca_interpreter_memory_resident_bytes',
      'Resident memory of interpreter processes.',
      [...memory].map(([interpreter, bytes]): Sample => [{ interpreter }, bytes]),
    ),
  ]
}

function processFamilies({ engine }: Measurements, eventLoopDelay: Histogram): readonly MetricFamily[] {
  const { rss, heapUsed } = process.memoryUsage()
  const warnings = [...engine.warnings].map(([code, value]): Sample => [{ code }, value])
  return [
    counter('cloaca_warnings_total', 'Warnings in the log, by code.', warnings),
    counter('cloaca_troubles_total', 'Failed internal operations that are retried.', engine.troubles),
    histogram('cloaca_event_loop_delay_seconds', "Delay of the engine's event loop.", [[{}, eventLoopDelay]]),
    gauge('cloaca_memory_resident_bytes', 'Resident memory of the engine process.', rss),
    gauge('cloaca_memory_heap_bytes', 'JavaScript heap in use by the engine process.', heapUsed),
    gauge('cloaca_uptime_seconds', 'Time since the start of the engine process.', process.uptime()),
    gauge('cloaca_build_info', 'Always 1. The label contains the version of cloaca.', [
      [{ version: packageVersion() }, 1],
    ]),
  ]
}

function counter(name: string, help: string, samples: readonly Sample[] | number): MetricFamily {
  return { name, help, type: 'counter', samples: typeof samples === 'number' ? [[{}, samples]] : samples }
}

function gauge(name: string, help: string, samples: readonly Sample[] | number): MetricFamily {
  return { name, help, type: 'gauge', samples: typeof samples === 'number' ? [[{}, samples]] : samples }
}

function histogram(name: string, help: string, samples: readonly (readonly [Labels, Histogram])[]): MetricFamily {
  return { name, help, type: 'histogram', samples }
}

type Engine = Measurements['engine']

function byWorkflow({ workflows }: Engine, key: 'started' | 'cronFirings' | 'retries'): readonly Sample[] {
  return [...workflows].map(([workflow, counters]) => [{ workflow }, counters[key]])
}

function labelled(
  { workflows }: Engine,
  label: string,
  countsOf: (counters: WorkflowCounters) => Readonly<Record<string, number>>,
): readonly Sample[] {
  return [...workflows].flatMap(([workflow, counters]) =>
    Object.entries(countsOf(counters)).map(([key, value]): Sample => [{ workflow, [label]: key }, value]),
  )
}
