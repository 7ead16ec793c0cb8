/** Which metrics there are: their names, what they mean, and where their numbers come from. Listed in `docs/metrics.md`. */

import type { WorkflowCounters } from '../../metrics/engine-counters.ts'
import type { Histogram } from '../../metrics/histogram.ts'
import type { HostMeasurements, Measurements } from '../../metrics/measurements.ts'
import { OTHER } from '../../metrics/named-counters.ts'
import type { CommitCounters } from '../../metrics/store-counters.ts'
import { packageVersion } from '../package-version.ts'
import type { Family, Labels } from './exposition.ts'

type Sample = readonly [labels: Labels, value: number]

const MS_PER_S = 1_000

export function families(measurements: Measurements, eventLoopDelay: Histogram): readonly Family[] {
  return [
    ...triggerFamilies(measurements),
    ...executionFamilies(measurements),
    ...taskFamilies(measurements),
    ...graphFamilies(measurements),
    ...storeFamilies(measurements),
    ...interpreterFamilies(measurements),
    ...processFamilies(measurements, eventLoopDelay),
  ]
}

function triggerFamilies({ engine, now }: Measurements): readonly Family[] {
  const all = [...engine.triggers].map(([trigger, counters]) => ({ labels: { trigger }, ...counters }))
  const polls = all.flatMap(({ labels, polls }) =>
    Object.entries(polls).map(([outcome, value]): Sample => [{ ...labels, outcome }, value]),
  )
  const became = (outcome: 'fired' | 'duplicate' | 'limited'): Sample[] =>
    all.map(({ labels, polls, byHand }) => [labels, polls[outcome] + byHand[outcome]])
  const { enabled, disabled, polled } = now.triggers
  return [
    counter('cloaca_polls_total', 'Polls by trigger and outcome.', polls),
    counter('cloaca_firings_total', 'Firings that started an execution, by polls and by hand.', became('fired')),
    counter('cloaca_duplicates_total', 'Firings that were dropped while an equal one was active.', became('duplicate')),
    counter('cloaca_limited_total', 'Firings that were dropped because of max_active.', became('limited')),
    histogram(
      'cloaca_poll_lateness_seconds',
      'From when a poll was due to when it was asked.',
      all.map(({ labels, lateness }) => [labels, lateness]),
    ),
    histogram(
      'cloaca_poll_duration_seconds',
      'From when a poll was asked to its answer.',
      all.map(({ labels, duration }) => [labels, duration]),
    ),
    counter('cloaca_cron_firings_total', 'Firings of cron schedules, by workflow.', byWorkflow(engine, 'cronFirings')),
    gauge('cloaca_triggers', 'Polled triggers that the scripts declare.', [
      [{ state: 'enabled' }, enabled],
      [{ state: 'disabled' }, disabled],
    ]),
    gauge('cloaca_triggers_polled', 'Triggers that this process polls.', polled),
    gauge('cloaca_polls_active', 'Polls that are out.', now.activePolls),
    gauge(
      'cloaca_oldest_due_trigger_seconds',
      'For how long the poll has been due that is the latest of all and has not ended.',
      now.oldestDueMs / MS_PER_S,
    ),
  ]
}

function executionFamilies({ engine, now }: Measurements): readonly Family[] {
  return [
    counter('cloaca_executions_started_total', 'Executions that this process began.', byWorkflow(engine, 'started')),
    counter(
      'cloaca_executions_total',
      'Executions that ended, by status.',
      labelled(engine, 'status', ({ ended }) => ended),
    ),
    histogram(
      'cloaca_execution_duration_seconds',
      'From when an execution was accepted to its end.',
      [...engine.workflows].map(([workflow, { executionDuration }]) => [{ workflow }, executionDuration]),
    ),
    gauge('cloaca_executions_active', 'Executions that this process runs.', now.activeExecutions),
  ]
}

function taskFamilies({ engine, now }: Measurements): readonly Family[] {
  const all = [...engine.workflows]
  return [
    counter(
      'cloaca_tasks_total',
      'Tasks that ended, by status.',
      labelled(engine, 'status', ({ tasks }) => tasks),
    ),
    counter(
      'cloaca_attempts_total',
      'Attempts of tasks that ended, by outcome.',
      labelled(engine, 'outcome', ({ attempts }) => attempts),
    ),
    counter('cloaca_retries_total', 'Attempts that failed and are followed by another.', byWorkflow(engine, 'retries')),
    histogram(
      'cloaca_queue_wait_seconds',
      'From when a task could begin to when it began.',
      all.map(([workflow, { queueWait }]) => [{ workflow }, queueWait]),
    ),
    histogram(
      'cloaca_task_duration_seconds',
      'How long attempts of tasks ran.',
      all.map(([workflow, { taskDuration }]) => [{ workflow }, taskDuration]),
    ),
    gauge('cloaca_attempts_active', 'Attempts of tasks that run now.', now.activeAttempts),
    gauge('cloaca_tasks_waiting', 'Tasks that could begin, and wait for a slot.', now.waitingTasks),
    gauge('cloaca_slots', 'How many tasks may run at once.', now.slots),
    gauge('cloaca_slots_free', 'Slots that no task has.', now.freeSlots),
  ]
}

function graphFamilies({ engine, now }: Measurements): readonly Family[] {
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
    counter('cloaca_source_events_total', 'Events of sources, by what became of them.', events),
    gauge(
      'cloaca_source_events_waiting',
      'Events that wait to be accumulated.',
      [...waiting].map(([source, count]): Sample => [{ source }, count]),
    ),
    counter(
      'cloaca_reactor_firings_total',
      'Firings of reactors, by their sources and by hand.',
      [...engine.reactors].map(([reactor, { firings }]): Sample => [{ reactor }, firings]),
    ),
    counter(
      'cloaca_subscriptions_degraded_total',
      'Subscriptions that were given up since their predicate failed.',
      [...engine.reactors].map(([reactor, { degraded }]): Sample => [{ reactor }, degraded]),
    ),
    counter(
      'cloaca_graph_runs_total',
      'Runs of graphs for firings.',
      [...engine.graphs].map(([graph, { runs }]): Sample => [{ graph }, runs]),
    ),
    counter(
      'cloaca_graph_failures_total',
      'Runs of graphs that failed.',
      [...engine.graphs].map(([graph, { failures }]): Sample => [{ graph }, failures]),
    ),
  ]
}

function storeFamilies({ store }: Measurements): readonly Family[] {
  const all = Object.entries(store.commits) as [string, CommitCounters][]
  return [
    counter(
      'cloaca_store_commits_total',
      'Transactions of the database. "accept" must survive a power cut, "write" need not.',
      all.map(([kind, { duration }]): Sample => [{ kind }, duration.count]),
    ),
    counter(
      'cloaca_store_steps_total',
      'What was read and written in them: several steps share a commit.',
      all.map(([kind, { steps }]): Sample => [{ kind }, steps]),
    ),
    histogram(
      'cloaca_store_commit_duration_seconds',
      'How long transactions took.',
      all.map(([kind, { duration }]) => [{ kind }, duration]),
    ),
    counter('cloaca_store_refused_total', 'Steps that the database refused.', store.refused),
    counter('cloaca_store_locked_total', 'Times that another process had the lock.', store.locked),
  ]
}

function interpreterFamilies({ host, engine }: Measurements): readonly Family[] {
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
    gauge('cloaca_interpreters', 'Processes that run Python.', [inState('live'), inState('starting')]),
    counter(
      'cloaca_interpreter_restarts_total',
      'Interpreters that were started in place of another.',
      Object.entries(restarts).map(([cause, value]): Sample => [{ cause }, value]),
    ),
    counter('cloaca_quarantines_total', 'Scripts that got an interpreter of their own.', engine.quarantines),
    gauge(
      'cloaca_interpreter_memory_resident_bytes',
      'Memory of the processes that run Python.',
      [...memory].map(([interpreter, bytes]): Sample => [{ interpreter }, bytes]),
    ),
  ]
}

function processFamilies({ engine }: Measurements, eventLoopDelay: Histogram): readonly Family[] {
  const { rss, heapUsed } = process.memoryUsage()
  const warnings = [...engine.warnings].map(([code, value]): Sample => [{ code }, value])
  return [
    counter('cloaca_warnings_total', 'Warnings, by code.', warnings),
    counter('cloaca_troubles_total', 'Steps that failed and are tried again.', engine.troubles),
    histogram('cloaca_event_loop_delay_seconds', 'How late the event loop is.', [[{}, eventLoopDelay]]),
    gauge('cloaca_memory_resident_bytes', "Memory of the engine's process.", rss),
    gauge('cloaca_memory_heap_bytes', 'Memory that its JavaScript uses.', heapUsed),
    gauge('cloaca_uptime_seconds', 'How long the process has run.', process.uptime()),
    gauge('cloaca_build_info', 'Always 1; the version is a label.', [[{ version: packageVersion() }, 1]]),
  ]
}

function counter(name: string, help: string, samples: readonly Sample[] | number): Family {
  return { name, help, type: 'counter', samples: typeof samples === 'number' ? [[{}, samples]] : samples }
}

function gauge(name: string, help: string, samples: readonly Sample[] | number): Family {
  return { name, help, type: 'gauge', samples: typeof samples === 'number' ? [[{}, samples]] : samples }
}

function histogram(name: string, help: string, samples: readonly (readonly [Labels, Histogram])[]): Family {
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
