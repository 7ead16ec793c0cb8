/** Several processes on one database file, some of which die. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Store } from '../../src/engine/ports.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { trigger, workflow } from '../support/declared.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { completed } from '../support/fake-host.ts'
import { type EngineParts, FIRST_PAGE, RunningEngine } from '../support/running-engine.ts'

const demo = workflow('demo', { first: {}, second: { after: ['first'] } })

/** Processes on one database file, each with its own store and its own time, which a dead process has no more. */
let folder: string
let stores: Store[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloaca-engine-'))
  stores = []
})

afterEach(async () => {
  for (const store of stores) await store.close()
  await rm(folder, { recursive: true })
})

async function startProcess(
  parts: EngineParts & { readonly clock: FakeClock },
  around: (store: Store) => Store = (store) => store,
): Promise<RunningEngine> {
  const store = await openSqliteStore({
    path: join(folder, 'shared.db'),
    durability: 'normal',
    clock: parts.clock,
    isProcessAlive: () => true,
  })
  stores.push(store)
  return RunningEngine.start({ ...parts, store: around(store) })
}

/** As a database at the other end of a network may be. */
function slowToCreate(store: Store, until: Promise<void>): Store {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      if (name !== 'createExecution') return member.bind(target)
      return async (...words: unknown[]) => {
        await until
        await member.apply(target, words)
      }
    },
  })
}

describe('a process that shares its database with others', () => {
  it('stops polling a trigger within half a second after another process disabled it', async () => {
    const clock = new FakeClock()
    await using serving = await startProcess({ clock, triggers: [trigger('inbox', { everyMs: 100 })] })
    await using other = await startProcess({ clock })
    await clock.advance(1_000)

    await other.engine.triggers.setEnabled('inbox', false)
    await clock.advance(500)
    const polls = serving.host.polls.length
    await clock.advance(5_000)

    expect(serving.host.polls).toHaveLength(polls)
  })

  it('runs what another process submitted, and the other hears of the end', async () => {
    const clock = new FakeClock()
    await using serving = await startProcess({ clock, workflows: [demo] })
    await using other = await startProcess({ clock })
    const id = await other.engine.submitDefinition(demo, '{"n":1}')

    const ended = other.engine.waitFor(id)
    await clock.advance(1_000)

    expect(await ended).toMatchObject({ id, status: 'Completed', finalText: '{"n":1}' })
    expect(serving.host.runs).toHaveLength(2)
    expect(await other.engine.waitFor(id)).toMatchObject({ status: 'Completed' })
    await expect(other.engine.waitFor('nobody')).rejects.toMatchObject({ code: 'EXECUTION_NOT_FOUND' })
  })

  it('does not take a run for unknown that the store is about to accept', async () => {
    const clock = new FakeClock()
    const held = Promise.withResolvers<void>()
    await using slow = await startProcess({ clock, workflows: [demo] }, (store) => slowToCreate(store, held.promise))
    await using other = await startProcess({ clock })

    const executed = slow.engine.execute('demo', '{}')
    await other.engine.submitDefinition(workflow('other', { x: {} }), '{}')
    await clock.advance(1_000)
    held.resolve()
    await clock.advance(1_000)
    await other.engine.submitDefinition(workflow('other', { x: {} }), '{}')
    await clock.advance(1_000)

    expect((await executed).status).toBe('Completed')
  })

  it('leaves executions whose workflow it does not have to the others', async () => {
    const clock = new FakeClock()
    await using other = await startProcess({ clock, workflows: [workflow('other', { x: {} })] })

    await other.engine.submitDefinition(demo, '{}')
    await clock.advance(60_000)

    const [execution] = await other.engine.listExecutions(FIRST_PAGE)
    expect(execution).toMatchObject({ workflow: 'demo', status: 'Pending' })
  })

  it('takes over what a dead process was running, without repeating what was completed', async () => {
    const dead = await startProcess({
      clock: new FakeClock(),
      workflows: [demo],
      python: (host) => host.task('first', () => completed('{"first":1}')).task('second', () => new Promise(() => {})),
    })
    const id = await dead.engine.submit('demo', '{}')
    await dead.clock.advance(0)

    const clock = new FakeClock()
    await using heir = await startProcess({ clock, workflows: [demo] })
    await clock.advance(9_000)
    expect(heir.host.runs).toHaveLength(0)
    await clock.advance(32_000)

    expect(heir.host.runs).toMatchObject([{ taskId: 'second', executionId: id, inputText: '{"first":1}' }])
    const execution = await heir.engine.getExecution(id)
    expect(execution?.tasks).toMatchObject([
      { taskId: 'first', recoveries: 0 },
      { taskId: 'second', status: 'Completed', attempts: 2, recoveries: 1 },
    ])
  })

  it('that stood still and was taken for dead enters again without a word of trouble', async () => {
    await using stalled = await startProcess({ clock: new FakeClock(), workflows: [demo] })
    const trouble = stalled.record('trouble')
    await using other = await startProcess({ clock: new FakeClock(), workflows: [demo] })
    await other.clock.advance(61_000)

    stalled.clock.standStill(61_000)
    await stalled.clock.advance(1_000)
    const executed = stalled.engine.execute('demo', '{}')
    await stalled.clock.advance(1_000)

    expect(trouble).toEqual([])
    expect((await executed).status).toBe('Completed')
  })

  it('that stood still goes on where another was when it gave back what it had taken over, and nothing that it knew before counts', async () => {
    const late = Promise.withResolvers<ReturnType<typeof completed>>()
    await using stalled = await startProcess({
      clock: new FakeClock(),
      workflows: [demo],
      python: (host) => host.task('first', () => late.promise),
    })
    const id = await stalled.engine.submit('demo', '{}')
    await stalled.clock.advance(0)
    const other = await startProcess({
      clock: new FakeClock(),
      workflows: [demo],
      python: (host) => host.task('first', () => completed('{"first":2}')).task('second', () => new Promise(() => {})),
    })
    await other.clock.advance(41_000)
    await other.engine.stop({ graceMs: 0 })

    stalled.clock.standStill(41_000)
    await stalled.clock.advance(31_000)
    late.resolve(completed('{"first":1}'))
    await stalled.clock.advance(1_000)

    expect(stalled.host.runsOf('second')).toMatchObject([{ inputText: '{"first":2}' }])
    const execution = await stalled.engine.getExecution(id)
    expect(execution).toMatchObject({ status: 'Completed' })
    expect(execution?.tasks[0]).toMatchObject({ outputText: '{"first":2}' })
  })

  it('leaves it alone where recovery is switched off', async () => {
    const dead = await startProcess({
      clock: new FakeClock(),
      workflows: [demo],
      python: (host) => host.task('first', () => new Promise(() => {})),
    })
    await dead.engine.submit('demo', '{}')
    await dead.clock.advance(0)

    const clock = new FakeClock()
    await using heir = await startProcess({ clock, workflows: [demo], config: { recoveryEnabled: false } })
    await clock.advance(300_000)

    expect(heir.host.runs).toHaveLength(0)
  })

  it('fails a task for good that was running in four processes when they died', async () => {
    const crashes = { workflows: [demo] }
    let id = ''
    for (let crash = 0; crash < 4; crash++) {
      const dying = await startProcess({
        ...crashes,
        clock: new FakeClock(),
        python: (host) => host.task('first', () => new Promise(() => {})),
      })
      if (crash === 0) id = await dying.engine.submit('demo', '{}')
      // The dead one before it has to be silent for a while.
      await dying.clock.advance(crash === 0 ? 0 : 31_000)
      expect(dying.host.runsOf('first')).toHaveLength(1)
    }

    const clock = new FakeClock()
    await using last = await startProcess({ ...crashes, clock })
    await clock.advance(31_000)

    const execution = await last.engine.getExecution(id)
    expect(last.host.runsOf('first')).toHaveLength(0)
    expect(execution?.tasks[0]).toMatchObject({ status: 'Failed', recoveries: 4 })
    expect(execution?.tasks[0]?.error?.message).toMatch(/^ABANDONED:/)
    expect(execution?.tasks[1]).toMatchObject({ status: 'Completed' })
  })

  it('goes on with the executions of a dead process as soon as it polls its triggers', async () => {
    const dead = await startProcess({
      clock: new FakeClock(),
      workflows: [demo],
      python: (host) => host.task('first', () => new Promise(() => {})),
    })
    await dead.engine.submit('demo', '{}')
    await dead.clock.advance(0)

    const clock = new FakeClock()
    await using heir = await startProcess({ clock, workflows: [demo] })
    await clock.advance(9_000)
    expect(heir.host.runs).toHaveLength(0)
    await clock.advance(4_000)

    expect(heir.host.runsOf('first')).toHaveLength(1)
  })

  it('polls the triggers of a dead process when its lease has run out', async () => {
    await startProcess({ clock: new FakeClock(), triggers: [trigger('inbox')] })

    const clock = new FakeClock()
    await using heir = await startProcess({ clock, triggers: [trigger('inbox')] })
    await clock.advance(9_000)
    expect(heir.host.polls).toHaveLength(0)
    await clock.advance(4_000)

    expect(heir.host.polls.length).toBeGreaterThan(0)
  })
})
