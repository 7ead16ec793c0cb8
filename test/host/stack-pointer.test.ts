/**
 * Stack pointer of Pyodide's memory, which all stacks share. It returns to its old value when they end.
 * `STACK_POINTER_POLLS=1000000` measures more polls.
 */
// @module-tag night

import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { OpenHost } from '../support/open-host.ts'
import { preloading } from '../support/preloads.ts'

const SCRIPT = fileURLToPath(new URL('./stack_pointer.py', import.meta.url))
const POLLS = Number(process.env.STACK_POINTER_POLLS ?? 20_000)
const POLLS_AT_ONCE = 1_000
/**
 * Maximum bytes by which the pointer may sink. A worker starts below the suspended stacks, which took up to 22 KB on a
 * busy machine. A loss of 48 bytes at each of these polls would be 1 MB.
 */
const MAX_BYTES_BELOW = 65_536
const LOADS = 100
/** Number of bytes that Pyodide 0.29 loses at each call. */
const LOST_BYTES = 48
const OVERDUE_AFTER_MS = 1_000
const LIMIT_MS = 300_000 + POLLS

async function pollOften(python: OpenHost, trigger: string, polls: number, atOnce: number): Promise<void> {
  for (let left = polls; left > 0; left -= atOnce) {
    const group = Array.from({ length: Math.min(left, atOnce) }, () => python.poll(SCRIPT, trigger))
    const kinds = new Set((await Promise.all(group)).map(({ kind }) => kind))
    expect([...kinds]).toEqual(['skipped'])
  }
}

/** Returns the stack pointer inside a poll, and the stack pointer while no stack runs. */
async function readPointers(python: OpenHost): Promise<{ readonly inside: number; readonly outside: number }> {
  await python.poll(SCRIPT, 'asks')
  const outcome = await python.poll(SCRIPT, 'reads')
  if (outcome.kind !== 'fired') throw new Error(`The trigger did not fire: ${JSON.stringify(outcome)}`)
  return JSON.parse(outcome.firings[0]?.contextText ?? '')
}

/** Loads the script `loads` times, each time on a new stack. Returns the stack pointer in the next poll. */
async function pointerAfterLoads(loads: number): Promise<number> {
  await using python = await OpenHost.open([SCRIPT])
  for (let load = 1; load < loads; load++) await python.host.load(SCRIPT, { kind: 'file', path: SCRIPT })
  const { inside } = await readPointers(python)
  return inside
}

describe('the stack pointer of Pyodide', { timeout: LIMIT_MS }, () => {
  afterEach(() => void vi.unstubAllEnvs())

  it('returns to its value after thousands of async, waiting and overdue polls', async () => {
    await using python = await OpenHost.open([SCRIPT])
    await readPointers(python)
    const before = await readPointers(python)

    await pollOften(python, 'yields', 2_000, POLLS_AT_ONCE)
    await pollOften(python, 'awaits', 1_000, 100)
    await pollOften(python, 'waits', 1_000, 100)
    await pollOften(python, 'starts_thread', 200, 50)
    const endless = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? 'awaits_for_ever' : 'waits_for_ever'))
    const ends = await Promise.all(endless.map((trigger) => python.poll(SCRIPT, trigger, OVERDUE_AFTER_MS)))
    expect(new Set(ends.map(({ kind }) => kind))).toEqual(new Set(['timedOut']))
    await pollOften(python, 'skips', POLLS, POLLS_AT_ONCE)

    const after = await readPointers(python)
    expect(before.inside - after.inside).toBeLessThanOrEqual(MAX_BYTES_BELOW)
    expect(before.outside - after.outside).toBeLessThanOrEqual(MAX_BYTES_BELOW)
  })

  it('has the same value after 1 and after 100 loads of a script', async () => {
    expect(await pointerAfterLoads(LOADS)).toBe(await pointerAfterLoads(1))
  })

  it('sinks at each load if Pyodide loses 48 bytes at each call', async () => {
    vi.stubEnv('NODE_OPTIONS', preloading('leaking-stacks'))
    vi.stubEnv('NODE_DISABLE_COMPILE_CACHE', '1') // with this cache, Node does not load Pyodide as a module

    const lost = (await pointerAfterLoads(1)) - (await pointerAfterLoads(LOADS))

    expect(lost).toBeGreaterThanOrEqual(LOST_BYTES * (LOADS - 1))
  })
})
