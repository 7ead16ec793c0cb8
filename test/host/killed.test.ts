/** Interpreters that are killed in each state: running calls end, and everything else continues. */

import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { PollOutcome } from '../../src/model/trigger.ts'
import { LIMIT_MS } from '../support/limits.ts'
import { OpenHost } from '../support/open-host.ts'

const SCRIPT = fileURLToPath(new URL('./misbehaving.py', import.meta.url))
const ISOLATION = fileURLToPath(new URL('./isolation.py', import.meta.url))
const GREEDY = fileURLToPath(new URL('./greedy.py', import.meta.url))
const SLOW = fileURLToPath(new URL('./loads_slowly.py', import.meta.url))

beforeEach(() => {
  vi.stubEnv('FILES_OF_OTHERS', '.')
  return () => vi.unstubAllEnvs()
})

function contextOf(outcome: PollOutcome): Record<string, unknown> {
  if (outcome.kind !== 'fired') throw new Error(`The poll was to fire, but: ${JSON.stringify(outcome)}`)
  return JSON.parse(outcome.firings[0]?.contextText ?? '{}')
}

const pidOf = async (python: OpenHost) => Number(contextOf(await python.poll(ISOLATION, 'pid')).pid)

describe('killing an interpreter', () => {
  it.each(['patient', 'endless'])(
    'during task "%s" loses that task, and the next interpreter runs its scripts',
    async (task) => {
      await using python = await OpenHost.open([SCRIPT, ISOLATION])
      const pid = await pidOf(python)
      const running = python.runTask(SCRIPT, 'work', task)

      process.kill(pid, 'SIGKILL')

      expect(await running).toMatchObject({ kind: 'lost', error: { type: 'InterpreterDied' } })
      expect((await python.poll(SCRIPT, 'remember')).kind).toBe('fired')
      expect(await pidOf(python)).not.toBe(pid)
    },
  )

  it('while it loads a script fails this load, and other scripts continue', async () => {
    await using python = await OpenHost.open([ISOLATION])
    const pid = await pidOf(python)
    const loading = python.host.load(SLOW, { kind: 'file', path: SLOW })

    process.kill(pid, 'SIGKILL')

    expect(await loading).toMatchObject({ fault: { type: 'InterpreterDied' } })
    expect(await pidOf(python)).not.toBe(pid)
  })

  it('while it is being replaced fails its running call, and the next interpreter serves its scripts', async () => {
    await using python = await OpenHost.open([GREEDY, ISOLATION], 1, { memoryMebibytes: 384 })
    const pid = await pidOf(python)
    await python.poll(GREEDY, 'grows')
    const held = python.poll(GREEDY, 'waits') // keeps its interpreter while another one starts
    const children = () => process.getActiveResourcesInfo().filter((each) => each === 'ProcessWrap').length
    await vi.waitUntil(() => children() > 0, LIMIT_MS)

    process.kill(pid, 'SIGKILL')

    expect(await held).toMatchObject({ kind: 'failed', error: { type: 'InterpreterDied' } })
    expect(await pidOf(python)).not.toBe(pid)
    expect(contextOf(await python.poll(GREEDY, 'remember'))).toMatchObject({ kept: 0 })
  })

  it.each([
    ['aborts', 'a script ended the process by SIGABRT'],
    ['aborts_in_c', 'unreachable'],
    ['faults', 'a script ended the process by SIGSEGV'],
  ])('with trigger "%s" quarantines this trigger, and other scripts are restarted', async (trigger, reason) => {
    await using python = await OpenHost.open([SCRIPT, ISOLATION])

    const outcome = await python.poll(SCRIPT, trigger)

    expect(outcome).toMatchObject({ kind: 'failed', error: { type: 'InterpreterDied' } })
    expect(python.quarantines).toEqual([expect.stringMatching(new RegExp(`trigger '${trigger}': .*${reason}`))])
    expect(await pidOf(python)).toBeGreaterThan(0)
  })

  it.each(['SIGSEGV', 'SIGABRT', 'SIGBUS'] as const)(
    'by %s, as a fault in native code does, quarantines the running trigger',
    async (signal) => {
      await using python = await OpenHost.open([SCRIPT, ISOLATION])
      const pid = await pidOf(python)
      const running = python.poll(SCRIPT, 'computes')

      process.kill(pid, signal)

      expect(await running).toMatchObject({ kind: 'failed', error: { type: 'InterpreterDied' } })
      expect(python.quarantines).toEqual([`${SCRIPT}: trigger 'computes': its process was killed by ${signal}`])
      expect(await pidOf(python)).not.toBe(pid)
    },
  )
})
