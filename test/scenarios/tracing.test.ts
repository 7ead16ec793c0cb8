/** Coverage, debuggers and profilers look at the frames of all threads, also at those that wait. */

import { expect, test } from 'vitest'
import { runScript } from '../support/run-script.ts'
import { testedPythonCan } from '../support/test-python.ts'

test.skipIf(!testedPythonCan('import sys; sys.monitoring'))(
  'tracing and monitoring begin and end while threads wait',
  async () => {
    const run = await runScript('tracing.py')

    expect(run).toMatchObject({ stderr: '', stdout: 'traced True\nmonitored True\ndone\n', exitCode: 0 })
  },
)
