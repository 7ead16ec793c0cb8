/** The engine as its callers see it: execute, stop, start again. */

import { describe, expect, it } from 'vitest'
import type { Store } from '../../src/engine/ports.ts'
import { trigger, workflow } from '../support/declared.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { completed, FIRE, fire, SKIP } from '../support/fake-host.ts'
import { FIRST_PAGE, openMemoryStore, RunningEngine } from '../support/running-engine.ts'

const demo = workflow('demo', { work: {} })

/** Runs two engines in turn on one database. */
async function withDatabase(use: (clock: FakeClock, store: Store) => Promise<void>): Promise<void> {
  const clock = new FakeClock()
  const store = await openMemoryStore(clock)
  await use(clock, store)
  await store.close()
}

describe('execute', () => {
  it('of a workflow that nobody declared names it, and the nearest one', async () => {
    await using running = await RunningEngine.start({ workflows: [demo] })

    const executed = running.engine.execute('demmo', '{}')

    await expect(executed).rejects.toMatchObject({ code: 'WORKFLOW_NOT_FOUND', facts: { workflow: 'demmo' } })
    await expect(executed).rejects.toThrow('Workflow not found in registry: demmo. Did you mean "demo"?')
  })

  it('stops waiting after the limit, and the run goes on', async () => {
    await using running = await RunningEngine.start({
      workflows: [demo],
      config: { workflowTimeoutMs: 1_500 },
      python: (host) => host.task('work', () => host.after(10_000, completed('{"late":true}'))),
    })

    const executed = running.engine.execute('demo', '{}').catch((error: unknown) => error)
    await running.clock.advance(1_500)
    const error = await executed
    await running.clock.advance(10_000)

    expect(error).toMatchObject({ code: 'EXECUTION_TIMEOUT' })
    expect(String(error)).toContain('Workflow timeout after 1.5s')
    const [execution] = await running.engine.listExecutions(FIRST_PAGE)
    expect(execution).toMatchObject({ workflow: 'demo', status: 'Completed' })
  })

  it('waits as long as it takes where the limit is switched off', async () => {
    await using running = await RunningEngine.start({
      workflows: [demo],
      config: { workflowTimeoutMs: null },
      python: (host) => host.task('work', () => host.after(7_200_000, completed('{}'))),
    })

    const executed = running.engine.execute('demo', '{}')
    await running.clock.advance(0)
    await running.clock.advance(7_200_000)

    expect((await executed).status).toBe('Completed')
  })

  it('may be called before the engine is started, and then waits for it', async () => {
    await using running = await RunningEngine.start({ workflows: [demo], isIdle: true })

    const executed = running.engine.execute('demo', '{"early":true}')
    await settle()
    expect(running.host.runs).toHaveLength(0)
    await running.engine.start()

    expect((await executed).finalText).toBe('{"early":true}')
  })

  it('runs a workflow that was declared a moment ago', async () => {
    await using running = await RunningEngine.start()

    running.registry.declare({ triggers: [], workflows: [demo] })

    expect((await running.engine.execute('demo', '{}')).status).toBe('Completed')
  })
})

describe('stopping', () => {
  it('lets polls and tasks that run end within the grace, and begins nothing new', async () => {
    await withDatabase(async (clock, store) => {
      await using running = await RunningEngine.start({
        clock,
        store,
        triggers: [trigger('inbox', { everyMs: 10_000 })],
        workflows: [workflow('demo', { work: {}, next: { after: ['work'] } })],
        python: (host) =>
          host
            .trigger('inbox', () => host.after(1_000, fire('{"taken":1}')))
            .task('work', () => host.after(2_000, completed('{"worked":1}'))),
      })
      const executed = running.engine.execute('demo', '{}').catch((error: unknown) => error)
      await clock.advance(500)

      const stopped = running.engine.stop({ graceMs: 30_000 })
      await clock.advance(5_000)
      await stopped

      expect(await executed).toMatchObject({ code: 'RUNNER_CLOSED' })
      expect(running.host.runs.map((run) => run.taskId)).toEqual(['work'])
      expect(await store.listFirings('inbox', FIRST_PAGE)).toHaveLength(1)
      const executions = await store.listExecutions(FIRST_PAGE)
      expect(executions.map((execution) => execution.status)).not.toContain('Completed')

      await using next = await RunningEngine.start({
        clock,
        store,
        workflows: [workflow('demo', { work: {}, next: { after: ['work'] } })],
      })
      await clock.advance(0)
      const ended = await next.engine.listExecutions(FIRST_PAGE)
      expect(ended.map((execution) => execution.status)).toEqual(['Completed', 'Completed'])
      expect(next.host.runsOf('next')).toMatchObject([{ inputText: '{"worked":1}' }, {}])
      await next.engine.stop({ graceMs: 0 })
    })
  })

  it('without grace gives what runs back, to be run again by the next engine', async () => {
    await withDatabase(async (clock, store) => {
      await using first = await RunningEngine.start({
        clock,
        store,
        workflows: [demo],
        python: (host) => host.task('work', () => new Promise(() => {})),
      })
      const id = await first.engine.submit('demo', '{"n":1}')
      await clock.advance(0)
      await first.engine.stop({ graceMs: 0 })

      await using second = await RunningEngine.start({ clock, store, workflows: [demo] })
      const resumed = await second.store.getExecution(id)
      await clock.advance(0)

      expect(resumed?.endedAt).toBeNull()
      expect(second.host.runsOf('work')).toMatchObject([{ executionId: id, inputText: '{"n":1}' }])
      expect(await second.engine.getExecution(id)).toMatchObject({ status: 'Completed' })
      await second.engine.stop({ graceMs: 0 })
    })
  })

  it('tells a task that waits for a run of its own, though no slot is free', async () => {
    let told: unknown = null
    await using running = await RunningEngine.start({
      workflows: [workflow('outer', { call: {} }), workflow('inner', { hang: {} })],
      config: { maxConcurrentTasks: 1 },
      python: (host) =>
        host
          .task('hang', () => new Promise(() => {}))
          .task('call', async ({ slot }) => {
            told = await running.engine.execute('inner', '{}', { callerSlot: slot }).catch((error: unknown) => error)
            return completed('{}')
          }),
    })
    await running.engine.submit('outer', '{}')
    await running.clock.advance(0)

    await running.engine.stop({ graceMs: 0 })
    await settle()

    expect(told).toMatchObject({ code: 'RUNNER_CLOSED' })
  })

  it('keeps the last output of before for the final context of after', async () => {
    await withDatabase(async (clock, store) => {
      const parts = { clock, store, workflows: [workflow('demo', { first: {}, second: { after: ['first'] } })] }
      await using before = await RunningEngine.start({
        ...parts,
        python: (host) =>
          host.task('first', () => completed('{"first":1}')).task('second', () => new Promise(() => {})),
      })
      const id = await before.engine.submit('demo', '{"start":1}')
      await clock.advance(0)
      await before.engine.stop({ graceMs: 0 })

      await using after = await RunningEngine.start({
        ...parts,
        python: (host) => host.task('second', () => completed('{}')),
      })
      await clock.advance(0)

      expect(await after.engine.getExecution(id)).toMatchObject({ status: 'Completed', finalText: '{"first":1}' })
      await after.engine.stop({ graceMs: 0 })
    })
  })

  it('drops what comes too late', async () => {
    await withDatabase(async (clock, store) => {
      await using running = await RunningEngine.start({
        clock,
        store,
        triggers: [trigger('late')],
        workflows: [demo],
        python: (host) => host.trigger('late', () => host.after(5_000, FIRE)),
      })
      await clock.advance(0)

      const stopped = running.engine.stop({ graceMs: 1_000 })
      await clock.advance(10_000)
      await stopped

      expect(await store.listFirings('late', FIRST_PAGE)).toEqual([])
    })
  })

  it('ends at once when nothing runs, leaves no timer, and may be asked for twice', async () => {
    await withDatabase(async (clock, store) => {
      await using running = await RunningEngine.start({ clock, store, triggers: [trigger('idle')], workflows: [demo] })
      await clock.advance(2_500)

      await Promise.all([running.engine.stop({ graceMs: 30_000 }), running.engine.stop({ graceMs: 0 })])
      await store.close()

      expect(clock.pendingTimers).toBe(0)
    })
  })

  it('makes every later call say that the runner is closed', async () => {
    await using running = await RunningEngine.start({ workflows: [demo] })

    await running.engine.stop({ graceMs: 0 })

    const { engine } = running
    const calls = [
      () => engine.execute('demo', '{}'),
      () => engine.submit('demo', '{}'),
      () => engine.getExecution('x'),
      () => engine.listExecutions(FIRST_PAGE),
      () => engine.triggers.list({ ...FIRST_PAGE, enabledOnly: false }),
      () => engine.triggers.setEnabled('x', true),
      () => engine.crons.register('demo', { expression: '* * * * *', timezone: 'UTC' }),
      () => engine.crons.stats(0),
      () => engine.start(),
    ]
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'RUNNER_CLOSED' })
  })
})

describe('history', () => {
  it('is kept as long as the settings say, and pruned while the engine runs', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('inbox', { everyMs: 3_600_000 })],
      workflows: [demo],
      python: (host) => host.trigger('inbox', () => FIRE),
      config: { retention: { skippedMs: null, failedMs: null, endedMs: 3 * 3_600_000, firingsMs: null } },
    })
    await running.clock.advance(0)

    await running.clock.advance(2 * 3_600_000)
    const early = await running.engine.triggers.history('inbox', FIRST_PAGE)
    await running.clock.advance(2 * 3_600_000)
    const late = await running.engine.triggers.history('inbox', FIRST_PAGE)

    expect([early.length, late.length]).toEqual([3, 4])
    expect(await running.engine.listExecutions(FIRST_PAGE)).toHaveLength(4)
  })
})

describe('a run whose code changed', () => {
  it('fails the tasks that the code no longer has, and says so', async () => {
    await withDatabase(async (clock, store) => {
      await using before = await RunningEngine.start({
        clock,
        store,
        workflows: [workflow('demo', { work: {}, gone: { after: ['work'] } })],
        python: (host) => host.task('work', () => new Promise(() => {})),
      })
      const id = await before.engine.submit('demo', '{}')
      await clock.advance(0)
      await before.engine.stop({ graceMs: 0 })

      await using after = await RunningEngine.start({ clock, store, workflows: [demo] })
      await clock.advance(0)

      const execution = await after.engine.getExecution(id)
      expect(execution).toMatchObject({ status: 'Failed' })
      expect(execution?.tasks).toMatchObject([{ status: 'Completed' }, { status: 'Failed', attempts: 0 }])
      expect(execution?.errorMessage).toContain('no longer has a task "gone"')
      await after.engine.stop({ graceMs: 0 })
    })
  })
})

describe('a run whose tasks got other dependencies meanwhile', () => {
  it('does not run again what has ended, and takes nothing from tasks that it does not have', async () => {
    await withDatabase(async (clock, store) => {
      await using before = await RunningEngine.start({
        clock,
        store,
        workflows: [workflow('demo', { done: {}, open: {}, last: { after: ['open'] } })],
        python: (host) => host.task('open', () => new Promise(() => {})),
      })
      const id = await before.engine.submit('demo', '{"start":1}')
      await clock.advance(0)
      await before.engine.stop({ graceMs: 0 })

      await using after = await RunningEngine.start({
        clock,
        store,
        workflows: [workflow('demo', { added: {}, open: {}, done: { after: ['open'] }, last: { after: ['added'] } })],
      })
      await clock.advance(0)

      const execution = await after.engine.getExecution(id)
      expect(execution?.tasks.map((task) => [task.taskId, task.status, task.attempts])).toEqual([
        ['done', 'Completed', 1],
        ['open', 'Completed', 2],
        ['last', 'Completed', 1],
      ])
      expect(after.host.runsOf('last')).toMatchObject([{ inputText: '{}' }])
      await after.engine.stop({ graceMs: 0 })
    })
  })
})

describe('those who watch', () => {
  it('break nothing when they throw, and are reported', async () => {
    const reported: Error[] = []
    await using running = await RunningEngine.start({
      triggers: [trigger('inbox')],
      workflows: [demo],
      python: (host) => host.trigger('inbox', () => (host.polls.length === 1 ? FIRE : SKIP)),
      reportListenerError: (error) => reported.push(error),
      isIdle: true,
    })
    running.events.on('triggerFired', () => {
      throw new Error('bad watcher')
    })
    const finished = running.record('executionFinished')
    await running.engine.start()

    await running.clock.advance(1_000)

    expect(finished).toMatchObject([{ workflow: 'demo', status: 'Completed' }])
    expect(running.host.polls).toHaveLength(2)
    expect(reported).toMatchObject([{ cause: { message: 'bad watcher' } }])
  })
})
