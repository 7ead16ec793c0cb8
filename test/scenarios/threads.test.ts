/** Threads, locks and queues, which behave in a script as in CPython. */

import { expect, test } from 'vitest'
import { runScript } from '../support/run-script.ts'

test('threads, locks, queues, pools, timers, barriers and thread-local data behave as in CPython', async () => {
  const run = await runScript('threads.py')

  expect(run.stderr).toBe('')
  expect(run.stdout.split('\n')).toEqual([
    'main True',
    'lock True [0, 1, 2, 3]',
    'pool 8',
    'queue [0, 1, 4, 9, 16]',
    'timer False True',
    "local [(False, 'unset')] main",
    'barrier [0, 1, 2]',
    'excepthook ZeroDivisionError divider',
    'daemon True True False',
    'end',
    'last False',
    '',
  ])
  expect(run.exitCode).toBe(0)
})

test('threads and signal handlers can print at the same time without lost output', async () => {
  const run = await runScript('printing.py')

  expect(run.stderr).toMatch(/^[1-9]\d*\n$/)
  const handled = Number(run.stderr)
  // A handler or another thread may print in the middle of a line, as in CPython.
  const times = (text: string) => run.stdout.split(text).length - 1
  const printed = ['main', 'alpha', 'beta', 'gamma', 'handler', '\n'].map(times)
  expect(printed).toEqual([5_000, 5_000, 5_000, 5_000, handled, 20_000 + handled])
})
