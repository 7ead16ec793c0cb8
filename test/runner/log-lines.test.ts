/** Log lines of events that repeat. */

import { expect, it } from 'vitest'
import { EngineEvents } from '../../src/engine/engine-events.ts'
import { type LogLine, watchForLog } from '../../src/runner/log/event-log-lines.ts'

it('logs the message about a trigger in back-off once, and again when it changes', () => {
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
  for (let poll = 0; poll < 2; poll++) fail('inbox', 'NotRun', 'the script is not served any more')

  expect(lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
    'error it died',
    'error not run for another 9 s',
    'error not run either',
    'error it raised',
    'error not run for another 20 s',
    'error the script is not served any more',
  ])
})

it('logs a trigger that fails at each poll once with its traceback, and then a count every minute', () => {
  const events = new EngineEvents()
  const lines: LogLine[] = []
  watchForLog(events, (line) => void lines.push(line))
  const fail = (message: string, at: number, traceback = 'Traceback') =>
    events.emit('triggerFailed', {
      ...{ trigger: 'inbox', script: 'jobs.py', at, outcome: 'failed' },
      error: { type: 'ValueError', message, traceback },
    })

  for (let at = 0; at <= 125_000; at += 1_000) fail('it raised', at)
  fail('it raised otherwise', 126_000)
  fail('it raised', 127_000)
  fail('it raised', 128_000, 'Traceback of another line')

  expect(lines).toEqual([
    { level: 'error', message: 'it raised', traceback: 'Traceback', facts: { trigger: 'inbox' } },
    { level: 'error', message: 'it raised (60 more times)', facts: { trigger: 'inbox', repeated: 60 } },
    { level: 'error', message: 'it raised (60 more times)', facts: { trigger: 'inbox', repeated: 60 } },
    { level: 'error', message: 'it raised otherwise', traceback: 'Traceback', facts: { trigger: 'inbox' } },
    { level: 'error', message: 'it raised', traceback: 'Traceback', facts: { trigger: 'inbox' } },
    { level: 'error', message: 'it raised', traceback: 'Traceback of another line', facts: { trigger: 'inbox' } },
  ])
})

it('logs the message about a source once, whether it is in back-off or fails, and each event that it skips', () => {
  const events = new EngineEvents()
  const lines: LogLine[] = []
  watchForLog(events, (line) => void lines.push(line))
  const fail = (type: string, message: string, sequence: number | null = null) =>
    events.emit('sourceFailed', {
      ...{ source: 'probe', script: 'jobs.py', sequence, at: 0 },
      error: { type, message, traceback: '' },
    })

  for (const seconds of [9, 8, 7]) fail('NotRun', `it is not run for another ${seconds} s`)
  for (let poll = 0; poll < 2; poll++) fail('ValueError', 'it raised')
  for (const sequence of [1, 2]) fail('ValueError', 'it raised', sequence)

  expect(lines.map(({ message }) => message)).toEqual([
    "source 'probe' it is not run for another 9 s",
    "source 'probe' it raised",
    "source 'probe' skipped event 1: it raised",
    "source 'probe' skipped event 2: it raised",
  ])
})

it('writes the time of the next attempt in ISO format with a UTC offset', () => {
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

it('logs the cause of a failed execution, and the reason of a cancelled one', () => {
  const events = new EngineEvents()
  const lines: LogLine[] = []
  watchForLog(events, (line) => void lines.push(line))
  const ends = { executionId: 'e', workflow: 'etl', at: 0 }
  const cause = 'load: ValueError: no rows (1 of 3 tasks failed)'

  events.emit('executionFinished', { ...ends, status: 'Failed', errorMessage: '1 task(s) failed, 2 completed', cause })
  events.emit('executionFinished', { ...ends, status: 'Cancelled', errorMessage: 'cancelled: enough', cause: null })
  events.emit('executionFinished', { ...ends, status: 'Completed', errorMessage: null, cause: null })

  expect(lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
    `warn workflow 'etl' failed: ${cause}`,
    "info workflow 'etl' was cancelled: enough",
    "info workflow 'etl' completed",
  ])
})
