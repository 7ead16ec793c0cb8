/** Output of tasks: printed text is stored with its attempt, from every stream, thread and callback. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ExecutionLogRecord, Runner } from '../../src/index.ts'
import { ObservedRunner } from '../support/observed-runner.ts'
import { differs } from '../support/python-differences.ts'
import { runScript } from '../support/run-script.ts'
import { scenarioDatabase } from '../support/scenario-database.ts'
import { temporaryFolder } from '../support/store-sites.ts'

let observed: ObservedRunner
let id: string

beforeAll(async () => {
  observed = await ObservedRunner.start(['output_of_tasks.py'])
  id = (await observed.runner.execute('prints', {})).id
})
afterAll(() => observed[Symbol.asyncDispose]())

async function logOf(
  execution: string,
  task?: string,
  runner: Runner = observed.runner,
): Promise<readonly ExecutionLogRecord[]> {
  const records: ExecutionLogRecord[] = []
  for await (const record of runner.executions.log(execution, task === undefined ? {} : { task })) {
    records.push(record)
  }
  return records
}

async function linesOf(task: string): Promise<readonly string[]> {
  return (await logOf(id, task)).map(({ message }) => message)
}

test('the log of an attempt contains each printed line with its stream', async () => {
  const log = await logOf(id, 'streams')

  const said = log.map(({ stream, message, isPart }) => `${stream}: ${message}${isPart ? '…' : ''}`)
  expect(said.filter((line) => !line.startsWith('stderr'))).toEqual([
    'stdout: to stdout',
    'stdout: bytes',
    ...differs('descriptors', { pyodide: ['stdout: a descriptor: ž\ufffd'], cpython: [] }),
    'stdout: \u001b[31mred\u001b[0m',
    'stdout: no end of the line…',
  ])
  const errors = said.filter((line) => line.startsWith('stderr')).join('\n')
  expect(errors).toMatch(/^stderr: to stderr\nstderr: .*UserWarning: beware\n/)
  expect(errors).toMatch(/stderr: Traceback \(most recent call last\):\n[\s\S]*\nstderr: KeyError: 'missing'$/)
  expect(log.every(({ task, attempt, at }) => task === 'streams' && attempt === 1 && at > 1_000_000_000_000)).toBe(true)
})

test('the log of an attempt contains output of C code, also without a final newline', async () => {
  const printed = ['from C, with an end of the line', 'from C, without']
  expect(await linesOf('native')).toEqual(differs('descriptors', { pyodide: printed, cpython: [] }))
  const meanwhile = ['from C of another task']
  expect(await linesOf('native_too')).toEqual(differs('descriptors', { pyodide: meanwhile, cpython: [] }))
})

test('output of a thread belongs to the task that started it, or that submitted a call to its pool', async () => {
  expect(await linesOf('threads')).toEqual(['a thread', 'its thread', 'submitted by threads'])
  expect(await linesOf('pooled')).toEqual(['submitted by pooled'])
})

test('output of a generator belongs to the task that resumes it', async () => {
  expect(await linesOf('begins')).toEqual(['generator of begins: 0'])
  expect(await linesOf('resumes')).toEqual(['generator of begins: 1'])
})

test('output of a finalizer belongs to the task that dropped or collected the object', async () => {
  expect(await linesOf('finalizers')).toEqual(['a local variable is gone', 'a circle is gone'])
})

test('output of a finalizer during an automatic garbage collection belongs to no task', async () => {
  const { id: garbage } = await observed.runner.execute('garbage', {})

  const lines = (await logOf(garbage)).map(({ task, message }) => `${task}: ${message}`)
  expect(lines).toEqual(differs('finalizers', { pyodide: [], cpython: ["collects: a circle of anybody's is gone"] }))
})

test('each attempt has its own log', async () => {
  const log = await logOf(id, 'fails')

  expect(log.map(({ attempt, message }) => [attempt, message])).toEqual([
    [1, 'attempt 1'],
    [2, 'attempt 2'],
  ])
})

test('output of a callback, and of a thread that outlives its task, belongs to the attempt of the task', async () => {
  await expect.poll(() => linesOf('leaves')).toEqual(['callback', 'after the end'])
})

test('tasks that print parts of lines in turn each get their own lines', async () => {
  expect(await linesOf('alternates')).toEqual(['one one', 'one one', 'one one'])
  expect(await linesOf('with_it')).toEqual(['two two', 'two two', 'two two'])
})

test('async tasks on one event loop each get their own output', async () => {
  const goesOn = (name: string) => Array.from({ length: 3 }, () => `async ${name} goes on`)
  expect(await linesOf('async_one')).toEqual([...goesOn('one'), 'in a thread of one', 'the end of one'])
  expect(await linesOf('async_two')).toEqual([...goesOn('two'), 'a helper of two', 'in a thread of two'])
})

test('the log of an execution contains the output of all its tasks in chronological order', async () => {
  const log = await logOf(id)

  const instants = log.map(({ at }) => at)
  expect(instants).toEqual(instants.toSorted((one, other) => one - other))
  expect(new Set(log.map(({ task }) => task)).size).toBe(differs('descriptors', { pyodide: 14, cpython: 12 }))
  expect(log.map(({ message }) => message)).not.toContain('the script is loaded')
})

test('the output of a poll is in the log of its tick, unless the poll skipped', async () => {
  await observed.until('triggerFired', ({ trigger }) => trigger === 'fires')
  await observed.until('triggerFailed', ({ trigger }) => trigger === 'raises', 2)
  await observed.until('tick', ({ trigger }) => trigger === 'skips', 3)

  const [fired] = await observed.runner.triggers.logs('fires')
  expect(fired).toMatchObject({
    outcome: 'refused',
    records: [{ stream: 'stdout', message: 'it fires', isPart: true }],
  })
  const failed = await observed.runner.triggers.logs('raises', { limit: 2 })
  expect(failed.map(({ outcome, records }) => [outcome, records.length])).toEqual([
    ['failed', 1],
    ['failed', 1],
  ])
  expect(await observed.runner.triggers.logs('skips')).toEqual([])
})

test('keepSkipLogs also keeps the output of the last of several skipped polls', async () => {
  await using keeping = await ObservedRunner.start(['output_of_tasks.py'], { config: { keepSkipLogs: true } })
  await keeping.until('tick', ({ trigger }) => trigger === 'skips', 2)

  const [skipped] = await keeping.runner.triggers.logs('skips')

  expect(skipped?.outcome).toBe('skipped')
  expect(skipped?.records[0]?.message).toMatch(/^skip \d+$/)
})

test('a log over 1 MiB keeps its beginning and end, and counts the removed lines', async () => {
  using folder = temporaryFolder()
  await using database = await scenarioDatabase(folder.file('flood.db'))
  const run = await runScript('flood.py', { args: [database.url] })
  expect(run.stderr).toBe('execution Completed\n')
  await using runner = await Runner.open({ database: database.url, readOnly: true })
  const [flood] = await runner.executions.list()

  for (const task of ['lines', 'one_write']) {
    const log = await logOf(flood?.id ?? '', task, runner)
    const cut = log.filter(({ stream }) => stream === 'cut')
    const kept = log.filter(({ stream }) => stream !== 'cut')
    const bytes = kept.reduce((sum, { message }) => sum + message.length, 0)
    expect(kept[0]?.message).toMatch(/^line 000000 x+$/)
    expect(kept.at(-1)?.message).toMatch(/^line 059999 x+$/)
    expect(kept.length + cut.reduce((sum, { cutRecords = 0 }) => sum + cutRecords, 0)).toBe(60_000)
    expect(bytes).toBeGreaterThan(900_000)
    expect(bytes).toBeLessThan(1_048_577)
  }
  const line = await logOf(flood?.id ?? '', 'one_line', runner)
  expect(line[0]?.message.startsWith('beginž')).toBe(true)
  expect(line.some(({ message }) => message.includes('\ufffd'))).toBe(false)
  expect(line.at(-1)?.message.endsWith('žend')).toBe(true)
})
