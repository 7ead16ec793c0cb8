/** The end of a script: its output is complete, and threads, exit functions and finalizers end in CPython's order. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runScript } from '../support/run-script.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-ends-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

test.each([
  ['by itself', 0],
  ['exit', 3],
  ['raise', 1],
])(
  'a script that ends (%s) waits for threads, calls exit functions, flushes files and finalizes objects',
  async (how, code) => {
    const run = await runScript('ends.py', { cwd: folder, args: [how] })

    expect(run.stdout.split('\n')).toEqual([
      'end',
      'thread',
      'exit function',
      'finalized global',
      'finalized in a cycle',
      '',
    ])
    expect(run.exitCode).toBe(code)
    expect(readFileSync(join(folder, 'left_open'), 'utf8')).toBe('written')
  },
)

test('a script that ends with os._exit does not wait for threads, call exit functions or flush files', async () => {
  const run = await runScript('ends.py', { cwd: folder, args: ['at once'] })

  expect(run).toMatchObject({ stdout: 'end\n', exitCode: 4 })
  expect(readFileSync(join(folder, 'left_open'), 'utf8')).toBe('')
})
