/** Recursion without end in a script: how it ends, and that it costs no other script its state. */

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { stackSizeKb } from '../../src/interpreter/stacks/stack-sizes.ts'
import type { AttemptOutcome } from '../../src/model/execution.ts'
import { OpenHost } from '../support/open-host.ts'
import { TEST_CACHE } from '../support/test-cache.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const SCRIPT = fileURLToPath(new URL('../scenarios/recursion.py', import.meta.url))
const LIMIT_MS = 120_000

const ENDS = {
  'json.loads, 20 KB': 'JSONDecodeError',
  'json.loads, 1 MB': 'RecursionError',
  'json.loads, objects': 'RecursionError',
  'json.dumps': 'RecursionError',
  repr: 'RecursionError',
  '==': 'RecursionError',
  pickle: 'RecursionError',
  deepcopy: 'RecursionError',
  xml: 'RecursionError',
  'xml, deepcopy': 'ok',
  'compile, parentheses': 'SyntaxError',
  'compile, signs': 'MemoryError',
  'compile, attributes': 'RecursionError',
  isinstance: 'ok',
  map: 'ok',
  __repr__: 'RecursionError',
  __hash__: 'RecursionError',
  __eq__: 'RecursionError',
  __call__: 'RecursionError',
  'a key of sorted': 'RecursionError',
  JavaScript: 'JsException',
}

function contextOf(outcome: AttemptOutcome): unknown {
  return outcome.kind === 'completed' ? JSON.parse(outcome.contextText) : outcome
}

describe('recursion without end', () => {
  it('ends as under CPython, in C and in JavaScript, and the interpreter keeps the state of its scripts', {
    timeout: LIMIT_MS,
  }, async () => {
    await using opened = await OpenHost.open([SCRIPT])
    await opened.poll(SCRIPT, 'counts')

    const recursed = await opened.runTask(SCRIPT, 'recursing', 'recurse')
    const unlimited = await opened.runTask(SCRIPT, 'recursing', 'recurse_without_python_limit')
    const after = await opened.poll(SCRIPT, 'counts')

    expect(contextOf(recursed)).toEqual(ENDS)
    // What Python itself counts may now go deeper than Python code does here.
    expect(contextOf(unlimited)).toEqual({ ...ENDS, deepcopy: 'ok', xml: 'ok' })
    expect(after).toMatchObject({ kind: 'fired', contextText: '{"polls":2}' })
    expect(opened.notices).toEqual([])
  })

  it('still ends as under CPython where addresses are limited, which one line says', {
    timeout: LIMIT_MS,
  }, async () => {
    const limited = 'ulimit -v 14000000; exec "$@"'
    const program = [
      'run',
      '-c',
      'import json\ntry: json.loads("[" * 1_000_000)\nexcept RecursionError: print("ended")',
    ]

    const { stdout, stderr } = await promisify(execFile)(
      '/bin/sh',
      ['-c', limited, 'sh', process.execPath, MAIN, ...program],
      { env: { CLOACA_CACHE_DIR: TEST_CACHE, ...process.env } },
    )

    expect(stdout).toBe('ended\n')
    expect(stderr.match(/small stacks/g)).toHaveLength(1)
    expect(stderr).toContain('ulimit -v')
  })

  it('has stacks of which two hundred find room, and those that Node makes where none do', () => {
    const sizeFor = (leftKb: number) => stackSizeKb({ name: 'a limit', leftKb })

    expect(stackSizeKb(null)).toBe(60_000)
    expect([12_000_000, 11_999_999, 800_000, 799_999].map(sizeFor)).toEqual([60_000, 16_000, 4_000, null])
  })
})
