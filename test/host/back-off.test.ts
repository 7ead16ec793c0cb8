/** Back-off of a task that crashed its interpreter, and other calls of the same task, which are not lost. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Timer } from '../../src/engine/clock-port.ts'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { LIMIT_MS } from '../support/limits.ts'
import { OpenHost } from '../support/open-host.ts'

const LONG_MS = 9_000
/** Maximum time that a suspect delays other calls of its task. This delay is not a back-off. */
const LONGEST_STAY_MS = 35_000

/** Clock with real time, whose back-offs end when the test moves it. */
class MovedClock extends SystemClock {
  #movedMs = 0
  #waits: { readonly untilMs: number; readonly callback: () => void }[] = []

  override monotonic(): number {
    return super.monotonic() + this.#movedMs
  }

  override wakeAfter(delayMs: number, callback: () => void, ...rest: never[]): Timer {
    if (delayMs < LONG_MS || delayMs === LONGEST_STAY_MS) return super.wakeAfter(delayMs, callback, ...rest)
    const wait = { untilMs: this.monotonic() + delayMs, callback }
    this.#waits.push(wait)
    return {
      cancel: () => {
        this.#waits = this.#waits.filter((each) => each !== wait)
      },
    }
  }

  waitsOf(leastMs: number, mostMs: number): number {
    const now = this.monotonic()
    return this.#waits.filter(({ untilMs }) => untilMs - now > leastMs && untilMs - now <= mostMs).length
  }

  move(ms: number): void {
    this.#movedMs += ms
    const now = this.monotonic()
    const due = this.#waits.filter(({ untilMs }) => untilMs <= now)
    this.#waits = this.#waits.filter(({ untilMs }) => untilMs > now)
    for (const { callback } of due) callback()
  }
}

let folder: string
let script: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-back-off-'))
  script = join(folder, 'dies.py')
  writeFileSync(
    script,
    `
import os
import cloaca

with cloaca.WorkflowBuilder("work"):

    @cloaca.task()
    def dies_thrice(context):
        with open(${JSON.stringify(join(folder, 'deaths'))}, "a+") as deaths:
            deaths.seek(0)
            if len(deaths.read()) == 3:
                return
            deaths.write("x")
        os._exit(3)
`,
  )
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('calls that were queued after a crashing call of the same task back off again, and then run', async () => {
  const clock = new MovedClock()
  await using python = await OpenHost.open([script], 1, { clock })
  const run = () => python.runTask(script, 'work', 'dies_thrice')

  expect((await run()).kind).toBe('lost')
  const second = run()
  await vi.waitFor(() => expect(clock.waitsOf(LONG_MS, 10_000)).toBe(1), LIMIT_MS)
  clock.move(10_000)
  expect((await second).kind).toBe('lost')
  const others = [run(), run(), run()]
  await vi.waitFor(() => expect(clock.waitsOf(LONG_MS, 20_000)).toBe(3), LIMIT_MS)
  clock.move(20_000)
  // The first call crashes, the second one is already admitted, and the third one backs off again.
  await vi.waitFor(() => expect(clock.waitsOf(20_000, 40_000)).toBe(1), LIMIT_MS)
  clock.move(40_000)

  expect((await Promise.all(others)).map(({ kind }) => kind)).toEqual(['lost', 'completed', 'completed'])
})

it('closing the host rejects a task that waits for the end of its back-off', async () => {
  const clock = new MovedClock()
  await using python = await OpenHost.open([script], 1, { clock })
  const run = () => python.runTask(script, 'work', 'dies_thrice')
  expect((await run()).kind).toBe('lost')
  const waiting = run()
  waiting.catch(() => undefined)
  await vi.waitFor(() => expect(clock.waitsOf(LONG_MS, 10_000)).toBe(1), LIMIT_MS)

  await python.host.close()

  await expect(waiting).rejects.toThrow('It was not entered.')
})
