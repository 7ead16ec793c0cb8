/** `cloaca execution logs` after the process of the execution has ended. */

import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MAIN } from '../support/main-path.ts'
import { runScript } from '../support/run-script.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

let folder: TemporaryFolder
let id: string

beforeAll(async () => {
  folder = temporaryFolder()
  const run = await runScript('logged_program.py', { args: [`sqlite://${folder.file('said.db')}`] })
  expect(run.stdout).toContain('status Completed')
  id = JSON.parse(cloaca('list', '--json').stdout)[0].id
})
afterAll(() => folder[Symbol.dispose]())

function cloaca(...words: readonly string[]) {
  const args = [MAIN, 'execution', ...words, '--db', `sqlite://${folder.file('said.db')}`]
  return spawnSync(process.execPath, args, { encoding: 'utf8' })
}

/** Returns the lines with AT in place of their times. */
function withoutInstants(text: string): readonly string[] {
  return text.split('\n').map((line) => line.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [+-]\d\d:\d\d/, 'AT'))
}

test('each line has time, task and attempt, and control characters are escaped', () => {
  const { stdout, status } = cloaca('logs', id.slice(0, 8))

  expect(withoutInstants(stdout).map((line) => line.replace(/\(\/.*:(\d+)\)/, '($1)'))).toEqual([
    'AT  load  \\x1b[2Jhostile\\x07',
    'AT  load  INFO app: loaded rows=7 (13)',
    'AT  load #2  \\x1b[2Jhostile\\x07',
    'AT  load #2  INFO app: loaded rows=7 (13)',
    'AT  send     sent',
    '',
  ])
  expect(status).toBe(0)
})

test('lines are filtered by task, attempt and pattern, and --follow ends for an ended execution', () => {
  expect(withoutInstants(cloaca('logs', id, '--task', 'send').stdout)).toEqual(['AT  send  sent', ''])
  expect(cloaca('logs', id, '--attempt', '2', '--grep', '^load').stdout.match(/load #2/g)).toHaveLength(1)
  expect(cloaca('logs', id, '--grep', 'nowhere').stdout).toBe('No line matches the pattern.\n')
  expect(
    cloaca('logs', id, '--follow', '--json')
      .stdout.trim()
      .split('\n')
      .map((line) => JSON.parse(line).task),
  ).toEqual(['load', 'load', 'load', 'load', 'send'])
})

test('--json prints an array of records with RFC 3339 timestamps', () => {
  const records = JSON.parse(cloaca('logs', id, '--json').stdout)

  expect(records).toHaveLength(5)
  expect(records[0]).toEqual({
    task: 'load',
    attempt: 1,
    at: expect.stringMatching(/^\d{4}-.*\+00:00$/),
    stream: 'stdout',
    message: '\u001b[2Jhostile\u0007',
  })
  expect(records[1]).toMatchObject({
    stream: 'log',
    level: 'INFO',
    logger: 'app',
    message: 'loaded',
    extra: { rows: 7 },
  })
  expect(records[4]).toMatchObject({ task: 'send', message: 'sent', isPart: true })
  expect(cloaca('logs', id, '--json', '--grep', 'nowhere').stdout).toBe('[]\n')
})

test('an unknown execution, an unknown task, an invalid pattern and attempt 0 are rejected', () => {
  expect(cloaca('logs', 'ffffffff')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^cloaca: Execution "ffffffff" not found/),
  })
  expect(cloaca('logs', id, '--task', 'lead')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^cloaca: Execution ".*" has no task "lead".*Did you mean "load"\?/),
  })
  expect(cloaca('logs', id, '--grep', '(')).toMatchObject({ status: 2 })
  expect(cloaca('logs', id, '--grep', '(?=load)')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('which has no look-around'),
  })
  expect(cloaca('logs', id, '--attempt', '0')).toMatchObject({ status: 2 })
})
