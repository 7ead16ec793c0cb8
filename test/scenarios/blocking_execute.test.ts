/** `runner.execute` blocks the script, and nobody else. */

import { expect, test } from 'vitest'
import { runScript } from '../support/run-script.ts'

test('execute blocks its caller only: triggers go on, tasks share the module, and a task with the only slot may execute too', async () => {
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
