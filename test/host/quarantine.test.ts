/** Quarantine of a script that hangs its interpreter: after one restart it has its own interpreter. */

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { withGrowingLimit } from '../support/growing-limit.ts'
import { LIMIT_MS } from '../support/limits.ts'
import { OpenHost } from '../support/open-host.ts'
import { SkippingClock } from '../support/skipping-clock.ts'

const HANGING = fileURLToPath(new URL('./hangs_in_c.py', import.meta.url))
const INNOCENT = fileURLToPath(new URL('./misbehaving.py', import.meta.url))
/** Time after the deadline of a hanging call from which another interpreter stands by. */
const STUCK_AFTER_MS = 500

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-quarantine-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

it('a script that hangs in C is quarantined until it is loaded again, and other overdue calls are not', async () => {
  await using python = await OpenHost.open([HANGING, INNOCENT])
  const { result, limitMs } = await withGrowingLimit(
    200,
    (deadlineMs) =>
      Promise.all([
        python.poll(HANGING, 'hangs', deadlineMs),
        python.poll(INNOCENT, 'remember', deadlineMs),
        python.runTask(INNOCENT, 'work', 'quick', deadlineMs),
      ]),
    () => python.quarantines.length > 0,
  )
  const [hanging, ...others] = result

  expect(hanging).toMatchObject({
    kind: 'timedOut',
    error: {
      message:
        `trigger 'hangs' timed out: it exceeded its timeout of ${limitMs / 1_000} s. ` +
        `For this reason, script "${HANGING}" was moved to its own interpreter.`,
    },
  })
  for (const other of others) expect(other.kind).not.toBe('timedOut')
  expect(python.quarantines).toEqual([expect.stringContaining(`${HANGING}: trigger 'hangs'`)])

  const pollAfter = await python.poll(INNOCENT, 'remember')
  expect(pollAfter).toMatchObject({ kind: 'fired' })
  expect(await python.poll(HANGING, 'hangs')).toMatchObject({ kind: 'failed', error: { type: 'NotRun' } })

  const loaded = await python.host.load(HANGING, { kind: 'file', path: HANGING })
  expect(loaded.fault).toBeNull()
  const again = await withGrowingLimit(
    200,
    (deadlineMs) =>
      Promise.all([python.poll(HANGING, 'hangs', deadlineMs), python.poll(INNOCENT, 'remember', deadlineMs)]),
    () => python.quarantines.length > 1,
  )
  expect(again.result[0]).toMatchObject({ kind: 'timedOut' })
  expect(python.quarantines).toHaveLength(2)
})

it('a stand-by interpreter is not counted as live while another interpreter hangs', async () => {
  const begun = join(folder, 'begun')
  vi.stubEnv('HANGS_BEGUN', begun)
  const clock = new SkippingClock()
  await using python = await OpenHost.open([HANGING, INNOCENT], 1, { clock, killAfterMs: 30_000 })
  const states = () => python.host.measure().interpreters.map(({ state }) => state)
  const hanging = python.poll(HANGING, 'hangs', LIMIT_MS)
  await expect.poll(() => existsSync(begun)).toBe(true)

  let isOver = false
  void hanging.then(() => {
    isOver = true
  })

  await clock.skipQuickly(LIMIT_MS + STUCK_AFTER_MS)
  await expect.poll(states).toEqual(['live', 'starting'])
  // Python runs in the stand-by interpreter as soon as it has reported its memory.
  await expect.poll(() => python.host.measure().interpreters.at(-1)?.residentBytes).toBeGreaterThan(0)
  expect(states()).toEqual(['live', 'starting'])
  while (!isOver) {
    expect(states().filter((state) => state === 'live').length).toBeLessThanOrEqual(1)
    await new Promise((resolve) => setTimeout(resolve, 10))
    clock.skip()
  }

  expect(await hanging).toMatchObject({ kind: 'timedOut' })
})
