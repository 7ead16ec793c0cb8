/** Coverage tools, debuggers and profilers, which read the frames of all threads, also of waiting threads. */

import { expect, test } from 'vitest'
import { runScript } from '../support/run-script.ts'
import { testedPythonCan } from '../support/test-python.ts'

test.skipIf(!testedPythonCan('import sys; sys.monitoring'))(
  'tracing and monitoring can start and stop while threads wait',
  async () => {
    const run = await runScript('tracing.py')

    expect(run).toMatchObject({ stderr: '', stdout: 'traced True\nmonitored True\ndone\n', exitCode: 0 })
  },
)
