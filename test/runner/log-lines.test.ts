/** What is said in the log of what happens again and again. */

import { expect, it } from 'vitest'
import { EngineEvents } from '../../src/engine/events.ts'
import { type LogLine, watchForLog } from '../../src/runner/log-lines.ts'

it('a trigger that is kept away is an error once, until something else has become of it', () => {
  const events = new EngineEvents()
  const lines: LogLine[] = []
  watchForLog(events, (line) => void lines.push(line))
  const fail = (trigger: string, type: string, message: string) =>
    events.emit('triggerFailed', {
      ...{ trigger, script: 'jobs.py', at: 0, outcome: 'failed' },
      error: { type, message, traceback: '' },
    })

  fail('inbox', 'InterpreterDied', 'it died')
  for (const seconds of [9, 8, 7]) fail('inbox', 'NotRun', `not run for another ${seconds} s`)
  fail('other', 'NotRun', 'not run either')
  fail('inbox', 'ValueError', 'it raised')
  fail('inbox', 'NotRun', 'not run for another 20 s')

  expect(lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
    'error it died',
    'error not run for another 9 s',
    'debug not run for another 8 s',
    'debug not run for another 7 s',
    'error not run either',
    'error it raised',
    'error not run for another 20 s',
  ])
})

it('writes the time of the next attempt as all other times of a log are written', () => {
  const events = new EngineEvents()
  const lines: LogLine[] = []
  watchForLog(events, (line) => void lines.push(line))
  const retryAt = Date.parse('2026-01-31T08:00:00.250Z')
  const error = { type: 'OSError', message: 'no', traceback: '' }

  events.emit('taskRetried', { executionId: 'e', workflow: 'w', taskId: 't', attempt: 1, error, retryAt })
  events.emit('trouble', { during: 'saving', error: new Error('no'), retryAt })
  events.emit('trouble', { during: 'saving', error: new Error('no'), retryAt: null })

  const times = lines.map(({ facts }) => facts?.retryAt)
  expect(times).toEqual(['2026-01-31T08:00:00.250+00:00', '2026-01-31T08:00:00.250+00:00', null])
})
