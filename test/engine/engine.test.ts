/** Engine as seen by its callers: execute, stop, restart, retention of history, and listeners. */

import { describe, expect, it } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import { trigger, workflow } from '../support/declared.ts'
import { completed, FIRE, fire, SKIP } from '../support/fake-host.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { FIRST_PAGE, openMemoryStore, RunningEngine } from '../support/running-engine.ts'

const demo = workflow('demo', { work: {} })

/** Calls `use` with a new database in memory for several engines, and closes the database afterwards. */
async function withDatabase(use: (clock: ManualClock, store: Store) => Promise<void>): Promise<void> {
  const clock = new ManualClock()
  const store = await openMemoryStore(clock)
  await use(clock, store)
  await store.close()
}

describe('execute()', () => {
  it('rejects an undeclared workflow, and suggests the nearest declared name', async () => {
    await using running = await RunningEngine.start({ workflows: [demo] })

    const executed = running.engine.execute('demmo', '{}')

    await expect(executed).rejects.toMatchObject({ code: 'WORKFLOW_NOT_FOUND', facts: { workflow: 'demmo' } })
    await expect(executed).rejects.toThrow('Workflow not found in registry: demmo. Did you mean "demo"?')
  })

  it('rejects after workflowTimeoutMs, while the execution continues', async () => {
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
    const [execution] = await running.store.listExecutions(FIRST_PAGE)
    expect(execution).toMatchObject({ workflow: 'demo', status: 'Completed' })
  })

  it('waits without a time limit if workflowTimeoutMs is null', async () => {
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

  it('waits for the start of the engine if it is called before the start', async () => {
    await using running = await RunningEngine.start({ workflows: [demo], isIdle: true })

    const executed = running.engine.execute('demo', '{"early":true}')
    await settle()
    expect(running.host.runs).toHaveLength(0)
    await running.engine.start()

    expect((await executed).finalText).toBe('{"early":true}')
  })

  it('runs a workflow that was declared after the start of the engine', async () => {
    await using running = await RunningEngine.start()

    running.registry.declare({ triggers: [], workflows: [demo] })

    expect((await running.engine.execute('demo', '{}')).status).toBe('Completed')
  })
})

describe('stopping the engine', () => {
  it('lets running polls and tasks end within the grace period, and starts no others', async () => {
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
      // The engine does not acquire the execution of the firing, which would be Running without an owner.
      expect(executions.map((execution) => execution.status).sort()).toEqual(['Pending', 'Running'])

      await using next = await RunningEngine.start({
        clock,
        store,
        workflows: [workflow('demo', { work: {}, next: { after: ['work'] } })],
      })
      await clock.advance(0)
      const ended = await next.store.listExecutions(FIRST_PAGE)
      expect(ended.map((execution) => execution.status)).toEqual(['Completed', 'Completed'])
      expect(next.host.runsOf('next')).toMatchObject([{ inputText: '{"worked":1}' }, {}])
      await next.engine.stop({ graceMs: 0 })
    })
  })

  it('with a grace period of 0, releases running executions, which the next engine runs again', async () => {
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
      expect(await second.store.getExecution(id)).toMatchObject({ status: 'Completed' })
      await second.engine.stop({ graceMs: 0 })
    })
  })

  it('rejects an execute() call inside a task with RUNNER_CLOSED, even if no slot is free', async () => {
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

  it('keeps the last task output, which becomes the final context after a restart', async () => {
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

      expect(await after.store.getExecution(id)).toMatchObject({ status: 'Completed', finalText: '{"first":1}' })
      await after.engine.stop({ graceMs: 0 })
    })
  })

  it('waits at most 2 s for polls, and as long as the grace period for tasks', async () => {
    for (const [pollMs, taskMs, stoppedAfterMs, firings] of [
      [60_000, 0, 2_000, 0],
      [1_500, 0, 1_500, 1],
      [60_000, 10_000, 10_000, 0],
      [4_000, 10_000, 10_000, 1],
    ] as const) {
      await withDatabase(async (clock, store) => {
        await using running = await RunningEngine.start({
          ...{ clock, store, triggers: [trigger('late', { everyMs: 600_000 })], workflows: [demo] },
          python: (host) =>
            host
              .trigger('late', () => host.after(pollMs, FIRE))
              .task('work', () => host.after(taskMs, completed('{}'))),
        })
        if (taskMs > 0) void running.engine.execute('demo', '{}').catch(() => undefined)
        await clock.advance(0)

        const beganAt = clock.monotonic()
        const stopped = running.engine.stop({ graceMs: 30_000 }).then(() => clock.monotonic() - beganAt)
        for (let passedMs = 0; passedMs < 40_000; passedMs += 500) await clock.advance(500)

        expect(await stopped).toBe(stoppedAfterMs)
        expect(await store.listFirings('late', FIRST_PAGE)).toHaveLength(firings)
      })
    }
  })

  it('drops the firing of a poll that ends after the grace period', async () => {
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

  it('ends immediately if nothing runs, leaves no timer, and may be requested twice', async () => {
    await withDatabase(async (clock, store) => {
      await using running = await RunningEngine.start({ clock, store, triggers: [trigger('idle')], workflows: [demo] })
      await clock.advance(2_500)

      await Promise.all([running.engine.stop({ graceMs: 30_000 }), running.engine.stop({ graceMs: 0 })])
      await store.close()

      expect(clock.pendingTimers).toBe(0)
    })
  })

  it('rejects every later call with RUNNER_CLOSED', async () => {
    await using running = await RunningEngine.start({ workflows: [demo] })

    await running.engine.stop({ graceMs: 0 })

    const { engine } = running
    const calls = [
      () => engine.execute('demo', '{}'),
      () => engine.submit('demo', '{}'),
      () => engine.services.executions.get('x'),
      () => engine.services.executions.list(FIRST_PAGE),
      () => engine.services.triggers.list({ ...FIRST_PAGE, enabledOnly: false }),
      () => engine.services.triggers.setEnabled('x', true),
      () => engine.services.schedules.register('demo', '* * * * *'),
      () => engine.services.schedules.stats(0),
      () => engine.start(),
    ]
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'RUNNER_CLOSED' })
  })
})

describe('retention of history', () => {
  it('prunes executions that ended longer ago than endedMs while the engine runs', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('inbox', { everyMs: 3_600_000 })],
      workflows: [demo],
      python: (host) => host.trigger('inbox', () => FIRE),
      config: {
        retention: {
          ...{ skippedMs: null, failedMs: null, endedMs: 3 * 3_600_000 },
          ...{ firingsMs: null, scheduleTimesMs: null, keysMs: null, signalsMs: null },
        },
      },
    })
    await running.clock.advance(0)

    await running.clock.advance(2 * 3_600_000)
    const early = await running.engine.services.triggers.history('inbox', FIRST_PAGE)
    await running.clock.advance(2 * 3_600_000)
    const late = await running.engine.services.triggers.history('inbox', FIRST_PAGE)

    expect([early.length, late.length]).toEqual([3, 4])
    expect(await running.store.listExecutions(FIRST_PAGE)).toHaveLength(4)
  })
})

describe('an execution whose workflow changed during a restart', () => {
  it('fails a task that the code no longer has, with an error that names the task', async () => {
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

      const execution = await after.store.getExecution(id)
      expect(execution).toMatchObject({ status: 'Failed' })
      expect(execution?.tasks).toMatchObject([{ status: 'Completed' }, { status: 'Failed', attempts: 0 }])
      expect(execution?.errorMessage).toContain('no longer has a task "gone"')
      await after.engine.stop({ graceMs: 0 })
    })
  })
})

describe('an execution whose tasks have other dependencies after a restart', () => {
  it('does not run ended tasks again, and ignores tasks that were added to the workflow', async () => {
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

      const execution = await after.store.getExecution(id)
      expect(execution?.tasks.map((task) => [task.taskId, task.status, task.attempts])).toEqual([
        ['done', 'Completed', 1],
        ['open', 'Completed', 2],
        ['last', 'Completed', 1],
      ])
      expect(after.host.runsOf('last')).toMatchObject([{ inputText: '{"start":1}' }])
      await after.engine.stop({ graceMs: 0 })
    })
  })
})

describe('listeners of engine events', () => {
  it('do not disturb the engine if they throw, and their errors are reported', async () => {
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
