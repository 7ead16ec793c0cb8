/** `/metrics` of a serving process: the numbers match the actions of a scenario, and Prometheus can read the text. */

import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exposition } from '../../src/http/metrics/exposition.ts'
import { families } from '../../src/http/metrics/metric-families.ts'
import { EngineCounters } from '../../src/metrics/engine-counters.ts'
import { Histogram, SHORT_BOUNDS_MS } from '../../src/metrics/histogram.ts'
import type { HostMeasurements } from '../../src/metrics/measurements.ts'
import { StoreCounters } from '../../src/metrics/store-counters.ts'
import type { LimitRow } from '../../src/model/limits/limits.ts'
import { Terminal } from '../support/cloaca-process.ts'
import { readDocument, tableRows } from '../support/documents.ts'
import { Metrics } from '../support/prometheus-text.ts'
import { ServedHttp } from '../support/served-http.ts'

const COUNTED = fileURLToPath(new URL('counted.py', import.meta.url))
const HOSTILE = '<img src=x onerror="alert(1)">\\'

describe('the metrics of a serving process', () => {
  let terminal: Terminal
  let http: ServedHttp
  let first: Metrics
  let metrics: Metrics
  beforeAll(async () => {
    terminal = new Terminal()
    const [until, dies] = [join(terminal.folder, 'until'), join(terminal.folder, 'dies')]
    const serving = terminal.start(['serve', COUNTED, '--db', 'jobs.db'], { env: { UNTIL: until, DIES: dies } })
    http = await ServedHttp.of(serving)
    first = await http.metrics()
    // Each trigger is polled once at the start, and later only on request.
    await http.until((now) => now.samples('cloaca_polls_total').reduce((sum, { value }) => sum + value, 0) === 6)
    for (const name of ['skips', 'skips', 'repeats', 'limited', 'fails']) await http.post(`/triggers/${name}/poll`)
    await http.post('/triggers/repeats/fire?force=true', { until, time: 'by hand' })
    for (const workflow of ['fine', 'fine', 'flaky', HOSTILE]) await http.execute(workflow)
  })
  afterAll(() => terminal[Symbol.asyncDispose]())

  const polls = (trigger: string) =>
    Object.fromEntries(
      metrics
        .samples('cloaca_polls_total')
        .filter(({ labels, value }) => labels.trigger === trigger && value > 0)
        .map(({ labels, value }) => [labels.outcome, value]),
    )
  const of = (name: string, labels: Record<string, string> = {}) => metrics.value(`cloaca_${name}`, labels)

  it('are 0 for declared workflows and triggers without activity', () => {
    expect(first.value('cloaca_executions_total', { workflow: 'flaky', status: 'Failed' })).toBe(0)
    expect(first.value('cloaca_polls_total', { trigger: 'fails', outcome: 'limited' })).toBe(0)
  })

  it('count the polls of each trigger by outcome, and its firings by result', async () => {
    metrics = await http.metrics()

    expect(polls('skips')).toEqual({ skipped: 3 })
    expect(polls('repeats')).toEqual({ fired: 1, duplicate: 1 })
    expect(polls('limited')).toEqual({ fired: 1, limited: 1 })
    expect(polls('fails')).toEqual({ failed: 2 })
    expect(polls('hangs')).toEqual({ timedOut: 1 })
    expect(of('firings_total', { trigger: 'repeats' }), 'a poll, and one by hand').toBe(2)
    expect(of('duplicates_total', { trigger: 'repeats' })).toBe(1)
    expect(of('limited_total', { trigger: 'limited' })).toBe(1)
    expect(of('firings_total', { trigger: 'skips' })).toBe(0)
  })

  it('measure the lateness of scheduled polls, and the duration of all polls', () => {
    expect(of('poll_lateness_seconds_count', { trigger: 'skips' })).toBe(1)
    expect(of('poll_duration_seconds_count', { trigger: 'skips' })).toBe(3)
    expect(of('poll_duration_seconds_bucket', { trigger: 'hangs', le: '0.01' }), 'it had 50 ms').toBe(0)
    expect(of('poll_duration_seconds_sum', { trigger: 'hangs' })).toBeGreaterThanOrEqual(0.05)
    expect(of('triggers', { state: 'enabled' })).toBe(6)
    expect(of('triggers_polled')).toBe(6)
    expect(of('oldest_due_trigger_seconds')).toBe(0)
  })

  it('count executions and tasks by workflow and status', () => {
    expect(of('executions_total', { workflow: 'fine', status: 'Completed' })).toBe(2)
    expect(of('executions_total', { workflow: 'flaky', status: 'Failed' })).toBe(1)
    expect(of('executions_total', { workflow: HOSTILE, status: 'Completed' })).toBe(1)
    expect(of('execution_duration_seconds_count', { workflow: 'fine' })).toBe(2)
    const tasks = ['Completed', 'Failed', 'Skipped'].map((status) => of('tasks_total', { workflow: 'flaky', status }))
    expect(tasks).toEqual([1, 1, 1])
  })

  it('count attempts and retries, and measure the durations and queue times of tasks', () => {
    expect(of('attempts_total', { workflow: 'flaky', outcome: 'failed' })).toBe(2)
    expect(of('attempts_total', { workflow: 'flaky', outcome: 'completed' })).toBe(1)
    expect(of('retries_total', { workflow: 'flaky' })).toBe(1)
    expect(of('task_duration_seconds_count', { workflow: 'flaky' })).toBe(3)
    expect(of('queue_wait_seconds_count', { workflow: 'flaky' })).toBe(3)
  })

  it('count running executions, and count ended executions by status', async () => {
    const running = await http.metrics()
    const active = await http.get('/executions?workflow=wait')
    await http.post(`/executions/${active.items[0].id}/cancel`)
    writeFileSync(join(terminal.folder, 'until'), '')
    const ended = await http.until((now) => now.value('cloaca_executions_active') === 0)

    expect(active.items).toHaveLength(3)
    expect(running.value('cloaca_executions_active')).toBe(3)
    expect(running.value('cloaca_attempts_active')).toBe(3)
    const [slots, free] = ['cloaca_slots', 'cloaca_slots_free'].map((name) => Number(running.value(name)))
    expect(Number(slots) - Number(free)).toBe(3)
    expect(ended.value('cloaca_slots_free')).toBe(slots)
    const status = (name: string) => ended.value('cloaca_executions_total', { workflow: 'wait', status: name })
    expect([status('Completed'), status('Cancelled')]).toEqual([2, 1])
    expect(ended.value('cloaca_attempts_total', { workflow: 'wait', outcome: 'cancelled' })).toBe(1)
  })

  it('count the commits of the database, and the steps that share a commit', async () => {
    metrics = await http.metrics()

    for (const kind of ['read', 'write', 'accept']) {
      const commits = Number(of('store_commits_total', { kind }))
      expect(commits).toBeGreaterThan(0)
      expect(of('store_commit_duration_seconds_count', { kind })).toBe(commits)
      expect(of('store_steps_total', { kind })).toBeGreaterThanOrEqual(commits)
    }
    const firings = ['repeats', 'limited'].reduce((sum, trigger) => sum + Number(of('firings_total', { trigger })), 0)
    const accepted = firings + 4
    expect(of('store_steps_total', { kind: 'accept' }), 'each is accepted, and its end is').toBeGreaterThan(accepted)
    expect([of('store_refused_total'), of('store_locked_total')]).toEqual([0, 0])
  })

  it('show the number and memory of the interpreters, and count the death of an interpreter', async () => {
    const memory = 'cloaca_interpreter_memory_resident_bytes'
    // Interpreters measure their memory once a second, the first time a second after their start.
    const before = await http.until((now) => now.value(memory, { interpreter: '1' }) !== null)
    writeFileSync(join(terminal.folder, 'dies'), '')
    const { outcome } = await http.post('/triggers/dies/poll')
    rmSync(join(terminal.folder, 'dies'))
    const after = await http.until(
      (now) =>
        Number(now.value('cloaca_interpreters', { state: 'live' })) > 0 &&
        now.value(memory, { interpreter: 'quarantine-1' }) !== null,
    )

    expect(before.value('cloaca_interpreters', { state: 'live' })).toBe(1)
    expect(before.value(memory, { interpreter: '1' })).toBeGreaterThan(50e6)
    expect(before.value('cloaca_interpreter_restarts_total', { cause: 'died' })).toBe(0)
    expect(outcome).toBe('failed')
    expect(after.value('cloaca_polls_total', { trigger: 'dies', outcome: 'failed' })).toBe(1)
    expect(after.value('cloaca_quarantines_total')).toBe(1)
    expect((await fetch(`${http.url}/readyz`)).status, 'with the interpreter of its own').toBe(200)
  })

  it('have a help text each, and include the metrics of the process', async () => {
    metrics = await http.metrics()

    expect(metrics.families.size).toBeGreaterThanOrEqual(30)
    for (const { name, help } of metrics.families.values()) {
      expect(name).toMatch(/^cloaca_[a-z_]+$/)
      expect(help).toMatch(/\.$|label\.$/)
    }
    expect(of('event_loop_delay_seconds_count')).toBeGreaterThan(0)
    expect(of('memory_resident_bytes')).toBeGreaterThan(Number(of('memory_heap_bytes')))
    expect(of('uptime_seconds')).toBeGreaterThan(0)
    expect(metrics.samples('cloaca_build_info')).toMatchObject([{ labels: { version: '0.1.0' }, value: 1 }])
  })
})

const PER_MINUTE = { count: 100, windowMs: 60_000 }

function limitRow(name: string, given: Partial<LimitRow> = {}): LimitRow {
  const values = { maxActive: 3, rate: null, per: null }
  return { name, ...values, declared: values, overrides: {}, differs: false, used: 0, waiting: 0, ...given }
}

describe('the text for Prometheus', () => {
  const now = {
    activeExecutions: 0,
    activeAttempts: 0,
    waitingTasks: 0,
    slots: 4,
    freeSlots: 4,
    triggers: { enabled: 0, disabled: 0, polled: 0 },
    activePolls: 0,
    waitingEvents: new Map(),
    openWaits: new Map([['signal', 2] as const]),
    openApprovals: 3,
    limits: [limitRow('crm', { used: 2, waiting: 5 }), limitRow('mail', { maxActive: null, rate: PER_MINUTE })],
    oldestDueMs: 0,
    latestPollMs: 0,
  }
  const quoted = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, each]) => String(each))
  const metricsOf = (engine: EngineCounters, host: HostMeasurements | null = null) =>
    new Metrics(exposition(families({ engine, store: new StoreCounters(), now, host }, new Histogram(SHORT_BOUNDS_MS))))

  it('names the first 500 triggers and workflows, and counts the rest and the name "other" together', () => {
    const engine = new EngineCounters()
    engine.triggers.of('other').polled('skipped', 1, 1)
    for (let number = 0; number < 600; number++) {
      engine.triggers.of(`t${number}`).polled('skipped', 1, 1)
      engine.workflows.of(`w${number}`).started += 1
    }
    for (let number = 0; number < 600; number++) engine.triggers.of(`t${number}`).polled('failed', null, null)

    const metrics = metricsOf(engine)

    const names = new Set(metrics.samples('cloaca_polls_total').map(({ labels }) => labels.trigger))
    expect(names.size).toBe(501)
    expect(metrics.value('cloaca_polls_total', { trigger: 't499', outcome: 'failed' })).toBe(1)
    expect(metrics.value('cloaca_polls_total', { trigger: 'other', outcome: 'failed' })).toBe(100)
    expect(metrics.value('cloaca_polls_total', { trigger: 'other', outcome: 'skipped' })).toBe(101)
    expect(metrics.value('cloaca_executions_started_total', { workflow: 'other' })).toBe(100)
  })

  it('has the slots of each limit, without a maximum of a limit that has only a rate', () => {
    const metrics = metricsOf(new EngineCounters())

    const samples = (name: string) => metrics.samples(name).map(({ labels, value }) => [labels, value])
    expect(samples('cloaca_limit_slots')).toEqual([[{ limit: 'crm' }, 3]])
    expect(samples('cloaca_limit_slots_used')).toEqual([
      [{ limit: 'crm' }, 2],
      [{ limit: 'mail' }, 0],
    ])
    expect(samples('cloaca_limit_waiting')).toEqual([
      [{ limit: 'crm' }, 5],
      [{ limit: 'mail' }, 0],
    ])
  })

  it('has one sample for a limit with many values of per', () => {
    const limits = Array.from({ length: 600 }, (_, number) => limitRow(`limit-${number}`, { per: 'tenant', used: 1 }))
    const text = exposition(
      families(
        { engine: new EngineCounters(), store: new StoreCounters(), now: { ...now, limits }, host: null },
        new Histogram(SHORT_BOUNDS_MS),
      ),
    )

    const samples = new Metrics(text).samples('cloaca_limit_slots_used')
    expect(samples).toHaveLength(501)
    expect(samples.at(-1)).toMatchObject({ labels: { limit: 'other' }, value: 100 })
    expect(samples.every(({ labels }) => Object.keys(labels).join() === 'limit')).toBe(true)
  })

  it('has the open waits by kind, the open approvals, and the signals by outcome', () => {
    const engine = new EngineCounters()
    Object.assign(engine.signals, { used: 4, kept: 5, repeated: 6 })

    const metrics = metricsOf(engine)

    const waits = ['signal', 'approval', 'delay', 'child'].map((kind) => metrics.value('cloaca_waits_open', { kind }))
    expect(waits).toEqual([2, 0, 0, 0])
    expect(metrics.value('cloaca_approvals_open')).toBe(3)
    const signals = ['used', 'kept', 'repeated'].map((outcome) => metrics.value('cloaca_signals_total', { outcome }))
    expect(signals).toEqual([4, 5, 6])
  })

  it.each(['"', '\\', '\n', 'a"b\\n\nc', '},{', 'ünïcode 🚽', 'C:\\jobs', '', '__proto__', 'constructor'])(
    'keeps the trigger name %j unchanged',
    (name) => {
      const engine = new EngineCounters()
      engine.triggers.of(name).polled('fired', 1, 2)

      expect(metricsOf(engine).value('cloaca_polls_total', { trigger: name, outcome: 'fired' })).toBe(1)
    },
  )

  it('escapes control characters in names, and keeps similar names apart', () => {
    const names = [
      '\u001b[31mred',
      '\\x1b[31mred',
      '\\\u001b',
      '\\\\x1b',
      '\\\\u001b',
      '\u0000',
      '\u009b2J',
      '\u202e',
      '\ud800',
      '\udfff',
      '\t',
      '\r\n',
    ]
    const engine = new EngineCounters()
    names.forEach((name, index) => {
      for (let polls = 0; polls <= index; polls++) engine.triggers.of(name).polled('fired', 1, 2)
      engine.workflows.of(name).started += 1
    })

    const text = exposition(
      families({ engine, store: new StoreCounters(), now, host: null }, new Histogram(SHORT_BOUNDS_MS)),
    )

    const sent = new TextDecoder().decode(new TextEncoder().encode(text))
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the text must not contain control characters
    expect(sent).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\ufffd]/)
    const metrics = new Metrics(sent)
    const fired = metrics.samples('cloaca_polls_total').filter(({ labels }) => labels.outcome === 'fired')
    expect(fired.map(({ value }) => value)).toEqual(names.map((_, index) => index + 1))
    expect(fired[0]?.labels.trigger).toBe('\\x1b[31mred')
  })

  it('has exactly the metrics and labels that the manual lists', () => {
    const engine = new EngineCounters()
    engine.triggers.of('t')
    engine.workflows.of('w')
    engine.sources.of('s')
    engine.reactors.of('r')
    engine.graphs.of('g')
    engine.warned('CLOCK_SET')
    const host: HostMeasurements = {
      restarts: { died: 0, ceiling: 0, idle: 0 },
      interpreters: [{ name: '1', python: 'pyodide', state: 'live', residentBytes: 1 }],
    }
    const { families } = metricsOf(engine, host)

    const rows = tableRows(readDocument('docs/metrics.md'), 'Metric').flatMap(([names = '', labels = '']) =>
      quoted(names).map((name) => [name, quoted(labels)]),
    )
    const shown = [...families.values()].map(({ name, samples }) => {
      return [name, Object.keys(samples[0]?.labels ?? {}).filter((label) => label !== 'le')]
    })
    expect(shown).toEqual(rows)
  })

  it('counts a duration in the first bucket with an equal or higher bound', () => {
    const engine = new EngineCounters()
    for (const ms of [0, 1, 1.5, 50, 300_000, 300_001]) engine.triggers.of('t').polled('skipped', ms, null)

    const metrics = metricsOf(engine)

    const bucket = (le: string) => metrics.value('cloaca_poll_lateness_seconds_bucket', { trigger: 't', le })
    expect(['0.001', '0.005', '0.05', '300', '+Inf'].map(bucket)).toEqual([2, 3, 4, 5, 6])
    expect(metrics.value('cloaca_poll_lateness_seconds_sum', { trigger: 't' })).toBeCloseTo(600.0535)
  })
})
