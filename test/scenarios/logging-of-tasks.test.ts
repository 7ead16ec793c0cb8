/** Records of `logging` are kept with their attempts, and a script sees nothing of it. */

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

test('the scenario ran to its end', () => {
  expect(result.errorMessage).toBeNull()
})

test('what python would not show is kept from INFO on, with level, logger, place, extra and traceback', async () => {
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

test('what a handler shows on a standard stream is in the log once, as the record that it is', async () => {
  expect(await said('shown')).toEqual([
    'WARNING: shown once\nin two lines',
    'stderr: printed in between',
    'ERROR: shown, too',
  ])
  expect((await logOf('shown'))[0]?.place).toBe(lineOf('shown once'))
})

test('handlers of a script get what they get under python, and all of it is kept', async () => {
  expect(await said('own_handlers')).toEqual(['DEBUG: wanted', 'ERROR: an error'])
  expect(result.context).toMatchObject({ text: 'wanted\nan error\nNoneType: None\n', queued: 'through a queue\n' })
  expect(result.context.seen).toEqual([
    ['DEBUG', 'wanted', 'own_handlers'],
    ['ERROR', 'an error', 'own_handlers'],
  ])
})

test('what a script refuses by more than a level is not kept', async () => {
  expect(await said('refused')).toEqual(['WARNING: passes the filter'])
})

test('a record that takes a queue is kept where it was made, once', async () => {
  expect(await said('queued')).toEqual(['INFO: through a queue'])
})

test('loggers of a class of the script’s make the records that they make under python', async () => {
  expect(await said('subclass')).toEqual(['INFO: unseen', 'WARNING: seen'])
  expect(result.context.made).toEqual(['seen'])
})

test('levels, handlers and factories are as under python', () => {
  expect(result.context).toMatchObject({ same: true, level: 30 })
})
