/** Coverage, debuggers and profilers look at the frames of all threads, also at those that wait. */

import { expect, test } from 'vitest'
import { runScript } from '../support/run-script.ts'

test('tracing and monitoring begin and end while threads wait', async () => {
  const run = await runScript('tracing.py')

  expect(run).toMatchObject({ stderr: '', stdout: 'traced True\nmonitored True\ndone\n', exitCode: 0 })
})
