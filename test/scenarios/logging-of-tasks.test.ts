/** Records of `logging` are stored with their attempts, without an effect on the script. */

import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ExecutionLogRecord, ExecutionResult } from '../../src/index.ts'
import { ObservedRunner } from '../support/observed-runner.ts'
import { scenarioPath } from '../support/run-script.ts'

let observed: ObservedRunner
let result: ExecutionResult

beforeAll(async () => {
  observed = await ObservedRunner.start(['logging_of_tasks.py'], { config: { maxConcurrentTasks: 1 } })
  result = await observed.runner.execute('logs', {})
})
afterAll(() => observed[Symbol.asyncDispose]())

async function logOf(task: string): Promise<readonly ExecutionLogRecord[]> {
  const records: ExecutionLogRecord[] = []
  for await (const record of observed.runner.executions.log(result.id, { task })) records.push(record)
  return records
}

async function said(task: string): Promise<readonly string[]> {
  return (await logOf(task)).map(({ stream, level, message }) => `${level ?? stream}: ${message}`)
}

function lineOf(text: string): string {
  const file = scenarioPath('logging_of_tasks.py')
  return `${file}:${
    readFileSync(file, 'utf8')
      .split('\n')
      .findIndex((line) => line.includes(text)) + 1
  }`
}

test('the workflow of the scenario completes', () => {
  expect(result.errorMessage).toBeNull()
})

test('records from level INFO are stored with their fields even if CPython would not print them', async () => {
  const log = await logOf('unseen')

  expect(await said('unseen')).toEqual([
    'INFO: kept all the same: 7',
    'Level 25: it has a level of its own',
    'INFO: with extra',
    expect.stringMatching(/^INFO: cannot be shown: %s .*Expensive/),
    "INFO: wrong: %d ('text',)",
    'INFO: caught',
    'INFO: through an adapter',
    'INFO: from the line of the caller',
  ])
  expect(log[0]).toMatchObject({ stream: 'log', logger: 'app.unseen', place: lineOf('kept all the same') })
  expect(log[0]).not.toHaveProperty('extra')
  expect(log[2]?.extra).toEqual({ order: 7, tags: 2, who: ['x', null] })
  expect(log[5]?.traceback).toMatch(/^Traceback [\s\S]*KeyError: 'missing'$/)
  expect(log[6]).toMatchObject({ extra: { request: 'r-1' }, place: lineOf('through an adapter') })
  expect(log[7]?.place).not.toContain('logging_of_tasks.py')
})

test('a record that a handler prints is stored once, as a record and not as printed text', async () => {
  expect(await said('shown')).toEqual([
    'WARNING: shown once\nin two lines',
    'stderr: printed in between',
    'ERROR: shown, too',
  ])
  expect((await logOf('shown'))[0]?.place).toBe(lineOf('shown once'))
})

test('handlers of a script receive the same records as in CPython, and all of them are stored', async () => {
  expect(await said('own_handlers')).toEqual(['DEBUG: wanted', 'ERROR: an error'])
  expect(result.context).toMatchObject({ text: 'wanted\nan error\nNoneType: None\n', queued: 'through a queue\n' })
  expect(result.context.seen).toEqual([
    ['DEBUG', 'wanted', 'own_handlers'],
    ['ERROR', 'an error', 'own_handlers'],
  ])
})

test('records of a disabled logger, below logging.disable or rejected by a filter are not stored', async () => {
  expect(await said('refused')).toEqual(['WARNING: passes the filter'])
})

test('a record that passes through a queue is stored once, for the task that logged it', async () => {
  expect(await said('queued')).toEqual(['INFO: through a queue'])
})

test('loggers of a subclass create the same records as in CPython', async () => {
  expect(await said('subclass')).toEqual(['INFO: unseen', 'WARNING: seen'])
  expect(result.context.made).toEqual(['seen'])
})

test('the root logger has the same level, handlers and record factory inside and outside of tasks', () => {
  expect(result.context).toMatchObject({ same: true, level: 30 })
})
