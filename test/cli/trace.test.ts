/** Trace of the messages and calls between the engine and Python. */

import { expect, it } from 'vitest'
import { runScript } from '../support/run-script.ts'

const CODE = 'import time; time.sleep(0.001)'
const LINE = /^border [→←·] {2}pid \d+ {2}([\w.]+) +token ([-\d]+) +\d+\.\d{3} ms$/

it('CLOACA_TRACE=border prints one line per message or call, with name, token and milliseconds', async () => {
  const { stderr } = await runScript('', { target: ['-c', CODE], env: { CLOACA_TRACE: 'border' } })

  const lines = stderr.trimEnd().split('\n')
  expect(lines.filter((line) => !LINE.test(line))).toEqual([])
  const seen = lines.map((line) => LINE.exec(line)?.slice(1).join(' '))
  expect(
    seen.filter((each) => /^(start|hello|ready|program|programEnded|finished|waits\.sleep) /.test(each ?? '')),
  ).toEqual(['start -', 'hello -', 'ready -', 'program 1', 'waits.sleep 1', 'programEnded 1', 'finished 2'])
})

it('without CLOACA_TRACE, a program prints no trace', async () => {
  const { stderr } = await runScript('', { target: ['-c', CODE] })

  expect(stderr).toBe('')
})
