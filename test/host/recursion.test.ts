/** Endless recursion in a script: its errors, and the state of other scripts after it. */
// @module-tag night

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { stackSizeKb } from '../../src/interpreter/stacks/stack-sizes.ts'
import type { AttemptOutcome } from '../../src/model/execution.ts'
import { firedOnce } from '../../src/model/trigger.ts'
import { MAIN } from '../support/main-path.ts'
import { OpenHost } from '../support/open-host.ts'
import { TEST_CACHE } from '../support/test-cache.ts'

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

describe('endless recursion', () => {
  it('raises the errors of CPython in C and in JavaScript, and scripts keep their state', {
    timeout: LIMIT_MS,
  }, async () => {
    await using opened = await OpenHost.open([SCRIPT])
    await opened.poll(SCRIPT, 'counts')

    const recursed = await opened.runTask(SCRIPT, 'recursing', 'recurse')
    const unlimited = await opened.runTask(SCRIPT, 'recursing', 'recurse_without_python_limit')
    const after = await opened.poll(SCRIPT, 'counts')

    expect(contextOf(recursed)).toEqual(ENDS)
    // Without the limit of Python, recursion in Python code goes deeper than these two cases need.
    expect(contextOf(unlimited)).toEqual({ ...ENDS, deepcopy: 'ok', xml: 'ok' })
    expect(after).toMatchObject(firedOnce('{"polls":2}'))
    expect(opened.notices).toEqual([])
  })

  it('raises RecursionError if the address space is limited, and one notice names the limit', {
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

  it('runs on the largest stacks that fit into memory 200 times, or on the stacks of Node', () => {
    const sizeFor = (leftKb: number) => stackSizeKb({ name: 'a limit', leftKb })

    expect(stackSizeKb(null)).toBe(60_000)
    expect([12_000_000, 11_999_999, 800_000, 799_999].map(sizeFor)).toEqual([60_000, 16_000, 4_000, null])
  })
})
