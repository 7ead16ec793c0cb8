/** Quarantine of a script that hangs its interpreter: after one restart it has its own interpreter. */

import { fileURLToPath } from 'node:url'
import { expect, it, vi } from 'vitest'
import { LIMIT_MS } from '../support/limits.ts'
import { OpenHost } from '../support/open-host.ts'

const HANGING = fileURLToPath(new URL('./hangs_in_c.py', import.meta.url))
const INNOCENT = fileURLToPath(new URL('./misbehaving.py', import.meta.url))

it('a script that hangs in C is quarantined until it is loaded again, and other overdue calls are not', async () => {
  await using python = await OpenHost.open([HANGING, INNOCENT])
  const hanging = python.poll(HANGING, 'hangs', 200)
  const others = [python.poll(INNOCENT, 'remember', 200), python.runTask(INNOCENT, 'work', 'quick', 200)]

  expect(await hanging).toMatchObject({
    kind: 'timedOut',
    error: {
      message:
        "trigger 'hangs' timed out: it exceeded its timeout of 0.2 s. " +
        `For this reason, script "${HANGING}" was moved to its own interpreter.`,
    },
  })
  for (const other of await Promise.all(others)) expect(other.kind).not.toBe('timedOut')
  expect(python.quarantines).toEqual([expect.stringContaining(`${HANGING}: trigger 'hangs'`)])

  const pollAfter = await python.poll(INNOCENT, 'remember')
  expect(pollAfter).toMatchObject({ kind: 'fired' })
  expect(await python.poll(HANGING, 'hangs')).toMatchObject({ kind: 'failed', error: { type: 'NotRun' } })

  const loaded = await python.host.load(HANGING, { kind: 'file', path: HANGING })
  expect(loaded.fault).toBeNull()
  const again = await Promise.all([python.poll(HANGING, 'hangs', 200), python.poll(INNOCENT, 'remember', 200)])
  expect(again[0]).toMatchObject({ kind: 'timedOut' })
  expect(python.quarantines).toHaveLength(2)
})

it('a stand-by interpreter is not counted as live while another interpreter hangs', async () => {
  await using python = await OpenHost.open([HANGING, INNOCENT])
  const states = () => python.host.measure().interpreters.map(({ state }) => state)
  const hanging = python.poll(HANGING, 'hangs', 200)

  let isOver = false
  void hanging.then(() => {
    isOver = true
  })

  await vi.waitFor(() => expect(states()).toEqual(['live', 'starting']), LIMIT_MS)
  while (!isOver) {
    expect(states().filter((state) => state === 'live').length).toBeLessThanOrEqual(1)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }

  expect(await hanging).toMatchObject({ kind: 'timedOut' })
})
