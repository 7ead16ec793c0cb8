/** Several processes on one database file. Some of the processes die or stall. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { trigger, workflow } from '../support/declared.ts'
import { completed, SKIP } from '../support/fake-host.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { type EngineParts, FIRST_PAGE, RunningEngine } from '../support/running-engine.ts'
import { newAction } from '../support/store-builders.ts'

const demo = workflow('demo', { first: {}, second: { after: ['first'] } })

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

/** Starts an engine with its own store and clock, like a process. The clock of a dead process stands still. */
async function startProcess(
  parts: EngineParts & { readonly clock: ManualClock },
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

/** Returns a store that creates executions only after `until`, like a database on a slow network. */
function slowToCreate(store: Store, until: Promise<void>): Store {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      if (name !== 'createExecution') return member.bind(target)
      return async (...words: unknown[]) => {
        await until
        return await member.apply(target, words)
      }
    },
  })
}

describe('a process that shares its database with others', () => {
  it('stops polling a trigger within half a second after another process disabled it', async () => {
    const clock = new ManualClock()
    await using serving = await startProcess({ clock, triggers: [trigger('inbox', { everyMs: 100 })] })
    await using other = await startProcess({ clock })
    await clock.advance(1_000)

    await other.engine.services.triggers.setEnabled('inbox', false)
    await clock.advance(500)
    const polls = serving.host.polls.length
    await clock.advance(5_000)

    expect(serving.host.polls).toHaveLength(polls)
  })

  it('runs an execution submitted by another process, whose wait() then returns the result', async () => {
    const clock = new ManualClock()
    await using serving = await startProcess({ clock, workflows: [demo] })
    await using other = await startProcess({ clock })
    const id = await other.engine.submitDefinition(demo, '{"n":1}')

    const ended = other.engine.services.executions.wait(id)
    await clock.advance(1_000)

    expect(await ended).toMatchObject({ id, status: 'Completed', contextText: '{"n":1}' })
    expect(serving.host.runs).toHaveLength(2)
    expect(await other.engine.services.executions.wait(id)).toMatchObject({ status: 'Completed' })
    await expect(other.engine.services.executions.wait('nobody')).rejects.toMatchObject({ code: 'EXECUTION_NOT_FOUND' })
  })

  it('runs an execution even if the store creates it later than another execution', async () => {
    const clock = new ManualClock()
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

  it('does not run executions of a workflow that it does not declare', async () => {
    const clock = new ManualClock()
    await using other = await startProcess({ clock, workflows: [workflow('other', { x: {} })] })

    await other.engine.submitDefinition(demo, '{}')
    await clock.advance(60_000)

    const [execution] = await other.store.listExecutions(FIRST_PAGE)
    expect(execution).toMatchObject({ workflow: 'demo', status: 'Pending' })
  })

  it('takes over the executions of a dead process without repeating completed tasks', async () => {
    const dead = await startProcess({
      clock: new ManualClock(),
      workflows: [demo],
      python: (host) => host.task('first', () => completed('{"first":1}')).task('second', () => new Promise(() => {})),
    })
    const id = await dead.engine.submit('demo', '{}')
    await dead.clock.advance(0)

    const clock = new ManualClock()
    await using heir = await startProcess({ clock, workflows: [demo] })
    await clock.advance(9_000)
    expect(heir.host.runs).toHaveLength(0)
    await clock.advance(32_000)

    expect(heir.host.runs).toMatchObject([{ taskId: 'second', executionId: id, inputText: '{"first":1}' }])
    const execution = await heir.store.getExecution(id)
    expect(execution?.tasks).toMatchObject([
      { taskId: 'first', recoveries: 0 },
      { taskId: 'second', status: 'Completed', attempts: 2, recoveries: 1 },
    ])
  })

  it('takes over the trigger of a dead process, and answers the poll that was requested there', async () => {
    const triggers = [trigger('inbox')]
    const dead = await startProcess({ clock: new ManualClock(), triggers })
    await dead.clock.advance(0)
    const action = newAction({ kind: 'poll', target: 'inbox', at: dead.clock.now() })
    await stores[0]?.actions.ask(action)

    const clock = new ManualClock()
    await using heir = await startProcess({ clock, triggers, python: (host) => host.trigger('inbox', () => SKIP) })
    await clock.advance(16_000)

    expect(heir.host.polls.length).toBeGreaterThan(0)
    expect((await stores[1]?.actions.get(action.id))?.answer).toMatchObject({ isRefused: false })
  })

  it('registers again without an error after it stalled and was considered dead', async () => {
    await using stalled = await startProcess({ clock: new ManualClock(), workflows: [demo] })
    const trouble = stalled.record('trouble')
    await using other = await startProcess({ clock: new ManualClock(), workflows: [demo] })
    await other.clock.advance(61_000)

    stalled.clock.standStill(61_000)
    await stalled.clock.advance(1_000)
    const executed = stalled.engine.execute('demo', '{}')
    await stalled.clock.advance(1_000)

    expect(trouble).toEqual([])
    expect((await executed).status).toBe('Completed')
  })

  it('continues an execution after a stall from the progress that its interim owner stored', async () => {
    const late = Promise.withResolvers<ReturnType<typeof completed>>()
    await using stalled = await startProcess({
      clock: new ManualClock(),
      workflows: [demo],
      python: (host) => host.task('first', () => late.promise),
    })
    const id = await stalled.engine.submit('demo', '{}')
    await stalled.clock.advance(0)
    const other = await startProcess({
      clock: new ManualClock(),
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
    const execution = await stalled.store.getExecution(id)
    expect(execution).toMatchObject({ status: 'Completed' })
    expect(execution?.tasks[0]).toMatchObject({ outputText: '{"first":2}' })
  })

  it('does not take over executions of a dead process if recovery is disabled', async () => {
    const dead = await startProcess({
      clock: new ManualClock(),
      workflows: [demo],
      python: (host) => host.task('first', () => new Promise(() => {})),
    })
    await dead.engine.submit('demo', '{}')
    await dead.clock.advance(0)

    const clock = new ManualClock()
    await using heir = await startProcess({ clock, workflows: [demo], config: { recoveryEnabled: false } })
    await clock.advance(300_000)

    expect(heir.host.runs).toHaveLength(0)
  })

  it('fails a task permanently after four processes died while they ran it', async () => {
    const crashes = { workflows: [demo] }
    let id = ''
    for (let crash = 0; crash < 4; crash++) {
      const dying = await startProcess({
        ...crashes,
        clock: new ManualClock(),
        python: (host) => host.task('first', () => new Promise(() => {})),
      })
      if (crash === 0) id = await dying.engine.submit('demo', '{}')
      // The previous process must be silent for 10 s before another process takes over.
      await dying.clock.advance(crash === 0 ? 0 : 31_000)
      expect(dying.host.runsOf('first')).toHaveLength(1)
    }

    const clock = new ManualClock()
    await using last = await startProcess({ ...crashes, clock })
    await clock.advance(31_000)

    const execution = await last.store.getExecution(id)
    expect(last.host.runsOf('first')).toHaveLength(0)
    expect(execution?.tasks[0]).toMatchObject({ status: 'Failed', recoveries: 4 })
    expect(execution?.tasks[0]?.error?.message).toMatch(/^ABANDONED:/)
    expect(execution?.tasks[1]).toMatchObject({ status: 'Completed' })
  })

  it('takes over the executions of a dead process between 9 and 13 s after its own start', async () => {
    const dead = await startProcess({
      clock: new ManualClock(),
      workflows: [demo],
      python: (host) => host.task('first', () => new Promise(() => {})),
    })
    await dead.engine.submit('demo', '{}')
    await dead.clock.advance(0)

    const clock = new ManualClock()
    await using heir = await startProcess({ clock, workflows: [demo] })
    await clock.advance(9_000)
    expect(heir.host.runs).toHaveLength(0)
    await clock.advance(4_000)

    expect(heir.host.runsOf('first')).toHaveLength(1)
  })

  it('polls the triggers of a dead process after the lease of that process has expired', async () => {
    await startProcess({ clock: new ManualClock(), triggers: [trigger('inbox')] })

    const clock = new ManualClock()
    await using heir = await startProcess({ clock, triggers: [trigger('inbox')] })
    await clock.advance(9_000)
    expect(heir.host.polls).toHaveLength(0)
    await clock.advance(4_000)

    expect(heir.host.polls.length).toBeGreaterThan(0)
  })
})
