/**
 * Process that is frozen until another process has taken over its triggers, and then resumes. Two real processes share
 * one database. The test moves the monotonic clock of the frozen process, and the whole clock of the other process.
 */

import { writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { trigger, workflow } from '../support/declared.ts'
import { FIRE } from '../support/fake-host.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { FIRST_PAGE, RunningEngine } from '../support/running-engine.ts'
import { type StoreProcess, startStoreProcess } from '../support/store-process.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

const source = (path: string): string => JSON.stringify(import.meta.resolve(`../../${path}`))

/**
 * Program with two triggers: `quick` always skips, and `slow` fires when the test permits. It prints its polls and the
 * number of its leases.
 */
const SERVING = `
const { Engine } = await import(${source('src/engine/engine.ts')})
const { LiveRegistry } = await import(${source('src/registry/live-registry.ts')})
const { codec } = await import(${source('src/native/index.ts')})
const { trigger, workflow } = await import(${source('test/support/declared.ts')})
const { existsSync, readFileSync } = await import('node:fs')
const path = process.argv[1]
const movedMs = () => (existsSync(path + '.moved') ? Number(readFileSync(path + '.moved', 'utf8')) : 0)
const moved = {
  now: () => clock.now(),
  monotonic: () => clock.monotonic() + movedMs(),
  wakeAfter: (ms, callback, during) => clock.wakeAfter(ms, callback, during),
  soon: (callback) => clock.soon(callback),
  attempt: (during, work) => clock.attempt(during, work),
  onWallJump: (callback) => clock.onWallJump(callback),
}
const host = {
  async poll(request) {
    await say('poll ' + request.trigger + (movedMs() > 0 ? ' after the thaw' : ''))
    if (request.trigger === 'quick') return { kind: 'skipped', reason: null }
    while (!existsSync(path + '.fire')) await new Promise((resolve) => setTimeout(resolve, 5))
    return { kind: 'fired', firings: [{ contextText: '{"by":"stalled"}' }], isList: false }
  },
  runTask: async (request) => ({ kind: 'completed', contextText: request.inputText }),
}
const real = await open()
const store = new Proxy(real, {
  get: (target, name) => {
    if (name !== 'leaseTriggers') return typeof target[name] === 'function' ? target[name].bind(target) : target[name]
    return async (...words) => {
      const leases = await target.leaseTriggers(...words)
      await say('holds ' + leases.held.length)
      return leases
    }
  },
})
const registry = new LiveRegistry()
registry.declare({
  triggers: [trigger('quick', { everyMs: 20 }), trigger('slow', { everyMs: 20 })],
  workflows: [workflow('demo', { work: {} })],
})
const engine = new Engine({ store, host, clock: moved, codec, registry })
engine.events.on('warning', ({ code, trigger }) => void say(code + ' ' + trigger))
await engine.start()
`

let folder: TemporaryFolder
let path: string

beforeEach(() => {
  folder = temporaryFolder()
  path = folder.file('shared.db')
})
afterEach(() => folder[Symbol.dispose]())

/** Returns the output of a process, up to the last of the `wanted` lines, which may come in any order. */
async function linesUntil(process: StoreProcess, ...wanted: readonly string[]): Promise<string[]> {
  const lines: string[] = []
  while (!wanted.every((line) => lines.includes(line))) {
    const next = await process.lines.next()
    if (next.done) throw new Error(`it ended before it said "${wanted.join('" and "')}", after ${lines.join(', ')}`)
    lines.push(next.value)
  }
  return lines
}

// Windows cannot suspend and resume a process.
describe.skipIf(process.platform === 'win32')('a process that resumes after another process considered it dead', () => {
  it('polls no trigger that the other process took over, and its late firing is not recorded', {
    tags: ['proof'],
  }, async () => {
    await using stalled = startStoreProcess(path, SERVING)
    await linesUntil(stalled, 'poll slow', 'poll quick')
    stalled.freeze()
    const clock = new ManualClock()
    const store = await openSqliteStore({ path, durability: 'normal', clock })
    await using heir = await RunningEngine.start({
      clock,
      store,
      triggers: [trigger('quick'), trigger('slow', { everyMs: 3_600_000 })],
      workflows: [workflow('demo', { work: {} })],
      python: (host) => host.trigger('slow', () => FIRE),
    })
    await clock.advance(45_000)
    expect(heir.host.pollsOf('slow')).toHaveLength(1)
    writeFileSync(`${path}.moved`, '45000')
    writeFileSync(`${path}.fire`, '')

    stalled.thaw()
    const lines = await linesUntil(stalled, 'holds 0', 'LEASE_LOST slow')

    expect(lines.filter((line) => line.includes('after the thaw'))).toEqual([])
    const firings = await heir.engine.services.triggers.history('slow', FIRST_PAGE)
    expect(firings).toHaveLength(1)
    expect(firings[0]?.contextHash).toBe('fire_no_context')
    await heir.engine.stop({ graceMs: 0 })
    await stalled.kill()
    await store.close()
  })
})
