/**
 * The stack pointer of Pyodide's memory, which all stacks share, is back where it was when they have ended.
 * `STACK_POINTER_POLLS=1000000` measures more polls.
 */

import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { OpenHost } from '../support/open-host.ts'
import { preloading } from '../support/preloads.ts'

const SCRIPT = fileURLToPath(new URL('./stack_pointer.py', import.meta.url))
const POLLS = Number(process.env.STACK_POINTER_POLLS ?? 20_000)
const POLLS_AT_ONCE = 1_000
/** A worker may lie below stacks that were suspended when it began: up to 5 KB were seen. */
const MAX_BYTES_BELOW = 16_384
const LOADS = 100
/** Of Pyodide 0.29, at each entry. */
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

/** Returns the pointer in a poll, and when no stack ran. */
async function readPointers(python: OpenHost): Promise<{ readonly inside: number; readonly outside: number }> {
  await python.poll(SCRIPT, 'asks')
  const outcome = await python.poll(SCRIPT, 'reads')
  if (outcome.kind !== 'fired') throw new Error(`The trigger did not fire: ${JSON.stringify(outcome)}`)
  return JSON.parse(outcome.contextText ?? '')
}

/** Loads the script again and again, each time in a stack of its own, and returns the pointer in the first poll after that. */
async function pointerAfterLoads(loads: number): Promise<number> {
  await using python = await OpenHost.open([SCRIPT])
  for (let load = 1; load < loads; load++) await python.host.load(SCRIPT, { kind: 'file', path: SCRIPT })
  const { inside } = await readPointers(python)
  return inside
}

describe('the stack pointer of Pyodide', { timeout: LIMIT_MS }, () => {
  afterEach(() => void vi.unstubAllEnvs())

  it('is back after thousands of async polls, of polls that wait at the same time, and of polls that are overdue', async () => {
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

  it('is where it was after a script is loaded a hundred times', async () => {
    expect(await pointerAfterLoads(LOADS)).toBe(await pointerAfterLoads(1))
  })

  it('would sink at each load with a Pyodide that loses 48 bytes at each entry', async () => {
    vi.stubEnv('NODE_OPTIONS', preloading('leaking-stacks'))
    vi.stubEnv('NODE_DISABLE_COMPILE_CACHE', '1') // with it, Pyodide's program is no module

    const lost = (await pointerAfterLoads(1)) - (await pointerAfterLoads(LOADS))

    expect(lost).toBeGreaterThanOrEqual(LOST_BYTES * (LOADS - 1))
  })
})
