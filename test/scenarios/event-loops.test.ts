/** asyncio in a script behaves as in CPython: each run has its own event loop, on the stack of its caller. */

import { expect, test } from 'vitest'
import { runScript } from '../support/run-script.ts'

test('asyncio.run, runners, threads, timeouts, signals and streams behave as in CPython', async () => {
  const run = await runScript('event_loops.py')

  expect(run.stderr).toBe('')
  expect(run.stdout.split('\n')).toEqual([
    'gather [0, 1, 4, 9]',
    "to_thread ('main', 'asyncio_0')",
    'executor 6',
    'timeout',
    'cancelled CancelledError',
    'group [9, 16]',
    'from a thread MainThread',
    'context unset',
    'runner 25 36 False',
    'threads [0, 1, 4, 9, 16, 25, 36, 49]',
    'signal True',
    "stream b'HELLO\\n'",
    'cancelled by the interrupt',
    'KeyboardInterrupt',
    "There is no current event loop in thread 'MainThread'.",
    '',
  ])
  expect(run.exitCode).toBe(0)
})
