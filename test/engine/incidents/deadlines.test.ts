/** Deadlines of executions and tasks: when they open an incident, and that each is judged once. */

import { describe, expect, it } from 'vitest'
import { MAX_RECOVERIES } from '../../../src/engine/executions/retry.ts'
import type { Store } from '../../../src/engine/store.ts'
import { StoreError } from '../../../src/errors.ts'
import { retrying, workflow } from '../../support/declared.ts'
import { completed, type FakeHost, failed } from '../../support/fake-host.ts'
import { incidentsIn, messagesIn, pass, TestPolicy } from '../../support/incidents.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { type EngineParts, openMemoryStore, RunningEngine } from '../../support/running-engine.ts'
import { continueAfter, SeparateProcesses, TAKE_OVER_MS } from '../separate-processes.ts'

const MINUTE_MS = 60_000
const limited = { ...workflow('etl', { read: {}, write: { after: ['read'] } }), deadlineMs: 30 * MINUTE_MS }
const cool = { delay: { kind: 'after', ms: 24 * 60 * MINUTE_MS } as const }
const waiting = { ...workflow('etl', { cool, write: { after: ['cool'] } }), deadlineMs: 30 * MINUTE_MS }

function start(parts: EngineParts): Promise<RunningEngine> {
  return RunningEngine.start({ workflows: [limited], incidents: new TestPolicy(), ...parts })
}

const reads = (afterMs: number) => (host: FakeHost) => host.task('read', () => host.after(afterMs, completed('{}')))

describe('the deadline of a workflow', () => {
  it('opens an incident when it passes before the execution ends, which the end of the execution ends', async () => {
    await using running = await start({ python: reads(40 * MINUTE_MS) })
    const id = await running.engine.submit('etl', '{}')

    await running.clock.advance(30 * MINUTE_MS - 1)
    const before = await incidentsIn(running.store)
    await running.clock.advance(1_001)
    const after = await incidentsIn(running.store)
    await running.clock.advance(20 * MINUTE_MS)

    expect([before, after]).toEqual([[], ['deadline-missed etl 1 open']])
    expect(await incidentsIn(running.store)).toEqual(['deadline-missed etl 1 ended'])
    expect((await messagesIn(running.store))[0]).toMatchObject({
      message: `Workflow "etl" missed its deadline: execution "${id}" did not end within 30m after it was accepted.`,
      ...{ workflow: 'etl', task: null, executionId: id, subject: id, state: 'opened' },
    })
  })

  it('is met by an execution that ends in time, also if the execution fails', async () => {
    await using running = await start({ python: (host) => host.task('read', () => host.after(1_000, failed('no'))) })
    await running.engine.submit('etl', '{}')

    await running.clock.advance(2_000)
    await pass(running.clock, 60 * MINUTE_MS)

    expect(await incidentsIn(running.store)).toEqual(['execution-failed etl 1 open'])
  })

  it('is missed by an execution that ends less than a second late, before its end is stored', async () => {
    await using running = await start({ python: reads(30 * MINUTE_MS + 5) })
    await running.engine.submit('etl', '{}')

    await running.clock.advance(30 * MINUTE_MS + 6)

    expect(await incidentsIn(running.store)).toEqual(['deadline-missed etl 1 ended'])
  })

  it('opens an incident while only waits are open', async () => {
    await using running = await start({ workflows: [waiting] })
    const { clock, store, engine } = running
    const early = await engine.submit('etl', '{}')
    await clock.advance(10 * MINUTE_MS)
    await engine.submit('etl', '{}')

    await clock.advance(20 * MINUTE_MS - 1)
    const before = await incidentsIn(store)
    await clock.advance(1_001)
    const after = await incidentsIn(store)
    await clock.advance(11 * MINUTE_MS)

    expect([before, after]).toEqual([[], ['deadline-missed etl 1 open']])
    expect(await incidentsIn(store)).toEqual(['deadline-missed etl 2 open'])
    expect((await messagesIn(store))[0]).toMatchObject({ executionId: early, task: null, state: 'opened' })
  })

  it('that passed while an execution waited is judged by an engine that starts later', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const first = await start({ workflows: [waiting], store, clock })
    await first.engine.submit('etl', '{}')
    await settle()
    await first[Symbol.asyncDispose]()
    await clock.advance(31 * MINUTE_MS)

    const second = await start({ workflows: [waiting], store, clock })
    await settle()

    expect(await incidentsIn(store)).toEqual(['deadline-missed etl 1 open'])
    await second[Symbol.asyncDispose]()
    await store.close()
  })

  it('is not judged if the engine does not report this kind', async () => {
    const incidents = new TestPolicy(new Set(['execution-failed']))
    await using running = await start({ python: reads(40 * MINUTE_MS), incidents })
    await running.engine.submit('etl', '{}')

    await pass(running.clock, 31 * MINUTE_MS)

    expect(await incidentsIn(running.store)).toEqual([])
  })

  it('that passed while no engine was running is judged by the engine that acquires the execution', async () => {
    await using processes = new SeparateProcesses()
    const first = await processes.start({ workflows: [workflow('other', { a: {} })], incidents: new TestPolicy() })
    await first.engine.submitDefinition(limited, '{}')
    await first.engine.stop({ graceMs: 0 })
    first.clock.standStill(60 * MINUTE_MS)
    const { clock } = first

    const second = await processes.start({
      ...{ workflows: [limited], incidents: new TestPolicy(), clock },
      python: reads(MINUTE_MS),
    })
    await clock.advance(2_000)

    expect(await incidentsIn(second.store)).toEqual(['deadline-missed etl 1 open'])
  })

  it('is judged once, also if another engine takes the execution over', async () => {
    await using processes = new SeparateProcesses()
    const parts = { workflows: [limited], python: reads(100 * MINUTE_MS) }
    const first = await processes.start({ ...parts, incidents: new TestPolicy() })
    await first.engine.submit('etl', '{}')
    await pass(first.clock, 31 * MINUTE_MS)
    const second = await processes.start({ ...parts, incidents: new TestPolicy() })

    await second.clock.advance(TAKE_OVER_MS)
    await pass(second.clock, 31 * MINUTE_MS)
    await continueAfter(first, TAKE_OVER_MS)

    expect(second.host.runsOf('read')).toHaveLength(1)
    const missed = (await incidentsIn(second.store)).filter((text) => text.startsWith('deadline-missed'))
    expect(missed).toEqual(['deadline-missed etl 1 open'])
  })
})

describe('a missed deadline', () => {
  /** Starts an engine whose database takes no judgement that is not part of another step. */
  async function started(processes: SeparateProcesses, parts: EngineParts): Promise<RunningEngine> {
    const around = (store: Store): Store => {
      const never = () => Promise.reject(new StoreError('DATABASE_FAILED', 'The engine is killed before this step.'))
      return { ...store, incidents: { ...store.incidents, judge: never } }
    }
    return await processes.start({ workflows: [limited], incidents: new TestPolicy(), ...parts }, { around })
  }
  const missed = async ({ store }: RunningEngine) =>
    (await incidentsIn(store)).filter((text) => text.startsWith('deadline-missed'))

  it.each([
    ['completed', completed('{}'), 'ended'],
    ['failed', failed('no'), 'open'],
  ] as const)('is stored in the step that stores the end of a %s execution', async (_, outcome, expected) => {
    await using processes = new SeparateProcesses()
    const python = (host: FakeHost) => host.task('read', () => host.after(40 * MINUTE_MS, outcome))
    const running = await started(processes, { python })
    await running.engine.submit('etl', '{}')

    await running.clock.advance(40 * MINUTE_MS - 1)
    const before = await missed(running)
    await running.clock.advance(1_000)

    expect([before, await missed(running)]).toEqual([[], [`deadline-missed etl 1 ${expected}`]])
  })

  it('is stored in the step that stores the end of an execution that its owner cancels', async () => {
    await using processes = new SeparateProcesses()
    const running = await started(processes, { python: (host) => host.task('read', (run) => host.untilCancelled(run)) })
    const id = await running.engine.submit('etl', '{}')
    await pass(running.clock, 40 * MINUTE_MS)

    await running.engine.services.executions.cancel(id)

    expect(await missed(running)).toEqual(['deadline-missed etl 1 open'])
  })

  it.each([
    ['in time', 29, []],
    ['late', 31, ['deadline-missed etl 2 open']],
  ])('is judged by the engine that cancels an execution without an owner %s', async (_, after, all) => {
    const both = workflow('etl', { read: { deadlineMs: 30 * MINUTE_MS }, write: { after: ['read'], deadlineMs: 1 } })
    await using processes = new SeparateProcesses()
    const parts = { workflows: [{ ...both, deadlineMs: 30 * MINUTE_MS }], config: { maxConcurrentTasks: 1 } }
    const running = await started(processes, { ...parts, isIdle: true })
    const id = await running.engine.submitDefinition(both, '{}')
    running.clock.standStill(after * MINUTE_MS)
    await running.clock.advance(0)

    await running.engine.services.executions.cancel(id)

    expect(await missed(running)).toEqual(all)
  })

  it('is judged although its task fails when another engine takes the task over', async () => {
    await using processes = new SeparateProcesses()
    const definition = workflow('etl', { read: { deadlineMs: MINUTE_MS } })
    const parts = { workflows: [definition], python: reads(100 * MINUTE_MS) }
    const first = await started(processes, parts)
    const id = await first.engine.submit('etl', '{}')
    await first.clock.advance(1_000)
    const { store } = first
    for (let recoveries = 0; recoveries < MAX_RECOVERIES; recoveries++) {
      const next = await started(processes, parts)
      next.clock.standStill(recoveries * TAKE_OVER_MS)
      await next.clock.advance(TAKE_OVER_MS)
    }
    const last = await started(processes, parts)
    last.clock.standStill(MAX_RECOVERIES * TAKE_OVER_MS)
    await last.clock.advance(TAKE_OVER_MS)

    expect((await store.getExecution(id))?.status).toBe('Failed')
    expect(await missed(last)).toEqual(['deadline-missed etl 1 open'])
  })
})

describe('the deadline of a task', () => {
  const etl = (deadlineMs: number) =>
    workflow('etl', { read: {}, write: { after: ['read'], deadlineMs, retry: retrying(5, { initialDelayMs: 4_000 }) } })

  it('counts from the end of its dependencies, and includes its retries', async () => {
    await using running = await start({
      workflows: [etl(10_000)],
      python: (host) =>
        host
          .task('read', () => host.after(60_000, completed('{}')))
          .task('write', ({ attempt }) => (attempt < 5 ? failed('again') : completed('{}'))),
    })
    const id = await running.engine.submit('etl', '{}')

    await running.clock.advance(69_000)
    const before = await incidentsIn(running.store)
    await running.clock.advance(3_000)

    expect([before, await incidentsIn(running.store)]).toEqual([[], ['deadline-missed etl 1 open']])
    expect((await messagesIn(running.store))[0]).toMatchObject({
      message:
        'Task "write" of workflow "etl" missed its deadline: it did not end within 10s after it was ready, ' +
        `in execution "${id}".`,
      ...{ task: 'write', executionId: id },
    })
  })

  it('is met by a task that ends in time, although the execution continues', async () => {
    await using running = await start({
      workflows: [workflow('etl', { read: { deadlineMs: 10_000 }, write: { after: ['read'] } })],
      python: (host) =>
        host
          .task('read', () => host.after(9_000, completed('{}')))
          .task('write', () => host.after(60_000, completed('{}'))),
    })
    await running.engine.submit('etl', '{}')

    await running.clock.advance(60_000)

    expect(await incidentsIn(running.store)).toEqual([])
  })
})
