/** `runner.execute` blocks only its caller. */

import { expect, test } from 'vitest'
import { runScript } from '../support/run-script.ts'

test('execute blocks only its caller, while triggers are polled and tasks run and execute workflows', async () => {
  const run = await runScript('blocking_execute.py')

  expect(run.stderr).toBe('')
  expect(run.stdout.split('\n')).toEqual([
    'Completed True',
    'Completed',
    "['first', 'inner of nested', 'plain', 'second']",
    '',
  ])
  expect(run.exitCode).toBe(0)
})
