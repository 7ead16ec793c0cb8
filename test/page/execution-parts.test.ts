/** Parts of the screen of an execution, of its log and of the dialog that runs a workflow. Needs no browser. */

import { describe, expect, it } from 'vitest'
import type { Execution, LogRecord, Task, Workflow } from '../../src/page/api/answer-types.ts'
import { attemptLimits, attemptText, shownTask, skipReason } from '../../src/page/execution/shown-task.ts'
import { filledTexts } from '../../src/page/forms/form-fill.ts'
import { type FormPart, formParts } from '../../src/page/forms/form-parts.ts'
import { formValues } from '../../src/page/forms/form-texts.ts'
import { recordText } from '../../src/page/log/log-text.ts'

const task = (id: string, status: Task['status'], endedAt: string | null = null) => ({ id, status, endedAt }) as Task

describe('the task that is shown first', () => {
  const tasks = [
    task('a', 'Completed', '2030-01-01T00:00:01.000Z'),
    task('late', 'Failed', '2030-01-01T00:00:03.000Z'),
    task('early', 'Failed', '2030-01-01T00:00:02.000Z'),
  ]
  const shown = (given: Partial<Execution>, query = '') =>
    shownTask({ tasks, status: 'Failed', cause: null, ...given } as Execution, new URLSearchParams(query))?.id ?? null

  it('is the first failed task of a failed execution, as the cause names it, or else by the end', () => {
    expect(shown({})).toBe('early')
    expect(shown({ cause: 'late: ValueError: no (2 of 3 tasks failed)' })).toBe('late')
    expect(shown({ cause: 'gone: ValueError: no' })).toBe('early')
    expect(shown({ tasks: [] })).toBeNull()
  })

  it('is the selected task, and none after the visitor has closed it or in an execution that did not fail', () => {
    expect(shown({}, 'task=a')).toBe('a')
    expect(shown({}, 'task=unknown')).toBeNull()
    expect(shown({}, 'panel=no')).toBeNull()
    expect(shown({ status: 'Running' })).toBeNull()
    expect(shown({ status: 'Cancelled' })).toBeNull()
  })
})

describe('the number of an attempt', () => {
  const retry = (maxAttempts: number, kind = 'all') => ({ maxAttempts, condition: { kind } })

  it('has the limit of the task, unless the limit is unknown or lower', () => {
    expect([attemptText(2, 3), attemptText(2, undefined), attemptText(4, 3)]).toEqual(['2 of 3', '2', '4'])
  })

  it('has the limit 1 without retries, and none for nodes', () => {
    const tasks = [
      { id: 'once', retry: retry(0) },
      { id: 'never', retry: retry(3, 'never') },
      { id: 'often', retry: retry(3) },
      { id: 'node', retry: retry(3), wait: { kind: 'delay' } },
    ]

    expect([...attemptLimits({ tasks } as unknown as Workflow)]).toEqual([
      ['once', 1],
      ['never', 1],
      ['often', 3],
    ])
    expect(attemptLimits(null).size).toBe(0)
  })
})

it('shows the reason of a skip without the name of the task, and none for other tasks', () => {
  const error = 'Task "a" was skipped, because its rule failed(\'b\') is not met: "b" completed.'

  expect(skipReason({ ...task('a', 'Skipped'), error })).toBe(`its rule failed('b') is not met: "b" completed.`)
  expect(skipReason({ ...task('a', 'Skipped'), error: null })).toBeNull()
  expect(skipReason({ ...task('a', 'Failed'), error })).toBeNull()
})

describe('a form', () => {
  const PROPERTIES = {
    id: { type: 'integer' },
    name: { type: 'string' },
    long: { type: 'string', maxLength: 5_000 },
    gift: { type: 'boolean' },
    speed: { enum: ['slow', 2], default: 'slow' },
    lines: { type: 'array' },
    to: { type: 'object', properties: { city: { type: 'string' } } },
  }
  const parts = formParts({ properties: PROPERTIES }) as readonly FormPart[]
  const again = (json: string) => {
    const texts = filledTexts(parts, json)
    return texts === null ? null : formValues(parts, texts).json
  }

  it.each([
    '{"id":12345678901234567890,"name":"a \\"b\\"","long":"a\\nb","gift":true,"speed":2,"lines":[1.0,{"x":[]}]}',
    '{"gift":false,"to":{"city":"Ü"}}',
  ])('that is filled with an object sends the same object, with the same digits: %s', (json) => {
    expect(again(json)).toBe(json)
  })

  it.each([
    ['a member without a field', '{"other":1}'],
    ['a member of a group without a field', '{"to":{"other":1}}'],
    ['a text for a number', '{"id":"7"}'],
    ['null for an optional text', '{"name":null}'],
    ['an empty text, which the form would leave out', '{"name":""}'],
    ['line breaks in a text of one line', '{"name":"a\\nb"}'],
    ['a value that is not a choice', '{"speed":"fast"}'],
    ['an array for a group', '{"to":[]}'],
    ['an array', '[1]'],
    ['a text that is cut off', '{"name":"a'],
  ])('cannot show an object with %s', (_, json) => {
    expect(again(json)).toBeNull()
  })
})

it('writes each line of a log record with its time, task, attempt and level, without terminal codes', () => {
  const record: LogRecord = {
    ...{ task: 'load', attempt: 2, at: '2030-01-01T00:00:00.000Z', stream: 'log', level: 'ERROR' },
    ...{ message: '\x1b[31mno\x1b[0m\nwhy', traceback: 'Traceback\nValueError: no\n' },
  }

  expect(recordText(record)).toBe(
    ['no', 'why', 'Traceback', 'ValueError: no'].map((text) => `${record.at} load #2 ERROR ${text}\n`).join(''),
  )
  expect(recordText({ ...record, stream: 'stdout', attempt: 1, message: '', traceback: '' })).toBe(
    `${record.at} load stdout \n`,
  )
})
