/** A user's own test suite, run with `cloaca run -m unittest`. */

import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { runScript, scenarioPath } from '../support/run-script.ts'

test('a unittest suite that opens runners, waits, locks and starts threads passes', async () => {
  const folder = dirname(scenarioPath('user_suite.py'))

  const run = await runScript('user_suite.py', {
    target: ['-m', 'unittest', '-v', 'user_suite'],
    env: { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' },
  })

  expect(run.stderr).toMatch(/\nRan 10 tests in [\d.]+s\n\nOK\n$/)
  expect(run.exitCode).toBe(0)
})
