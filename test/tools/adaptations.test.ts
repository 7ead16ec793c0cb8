/** List of adaptations to Pyodide: it is complete, and names the tests that prove each of them. */

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { adaptationsIn } from '../../tools/adaptations.ts'
import { ROOT } from '../support/source-tree.ts'

/**
 * Adaptations without a test. They improve speed, or guard code that other tests cover; their headers give the reasons.
 */
const WITHOUT_TEST = [
  'python/cloaca/_adapt/threads/run_sync.py',
  'python/cloaca/_border/bridge.py',
  'src/interpreter/message-line.ts',
  'src/interpreter/stacks/suspension.ts',
  'src/interpreter/text-for-python.ts',
]

/** Returns the output of the tool for a checkout with these files. */
function listed(files: Readonly<Record<string, string>>) {
  const checkout = mkdtempSync(join(tmpdir(), 'cloaca-adaptations-'))
  try {
    const manifest = { type: 'module', dependencies: { pyodide: '315.1.0' } }
    const tool = readFileSync(join(ROOT, 'tools/adaptations.ts'), 'utf8')
    const all = { 'package.json': JSON.stringify(manifest), 'tools/adaptations.ts': tool, 'src/index.ts': '', ...files }
    for (const [path, text] of Object.entries(all)) {
      mkdirSync(join(checkout, dirname(path)), { recursive: true })
      writeFileSync(join(checkout, path), text)
    }
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(checkout, 'tools/adaptations.ts')], {
      encoding: 'utf8',
    })
    return { status, stdout, stderr }
  } finally {
    rmSync(checkout, { recursive: true, force: true })
  }
}

describe('tools/adaptations.ts', () => {
  it('lists adaptations with version and tests, and names untested and outdated adaptations', () => {
    const { status, stdout, stderr } = listed({
      'python/cloaca/clock.py':
        '"""Pyodide (seen in 314.0.7) has none.\n\nProved by ``python/tests/test_a.py``, and ``test/b.test.ts``.\n"""',
      'python/cloaca/plain.py': '"""Listens on 127.0.0.1, version 10.2.3."""',
      'python/tests/test_a.py': '',
      'src/files.ts': '/** Seen in Pyodide 315.1.0. */',
      'test/b.test.ts': '',
    })

    expect(stderr).toBe('')
    expect(stdout.split('\n')).toEqual([
      'python/cloaca/clock.py  314.0.7  python/tests/test_a.py, test/b.test.ts',
      'src/files.ts            315.1.0  -',
      '',
      '2 adaptations to Pyodide 315.1.0',
      '1 without a test',
      '  src/files.ts',
      '1 last checked with an older Pyodide',
      '  python/cloaca/clock.py',
      '',
    ])
    expect(status).toBe(0)
  })

  it('fails if an adaptation names a test that does not exist', () => {
    const { status, stdout } = listed({
      'python/cloaca/a.py': '"""Seen in 315.1.0. Proved by ``test/gone.test.ts``."""',
    })

    expect(stdout).toContain('python/cloaca/a.py names a test that does not exist: test/gone.test.ts')
    expect(status).toBe(1)
  })
})

describe('the adaptations of this checkout', () => {
  const list = spawnSync(process.execPath, [join(ROOT, 'tools/adaptations.ts')], { encoding: 'utf8' })
  const adaptations = adaptationsIn(ROOT)
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

  it('name only tests that exist', () => {
    expect(list).toMatchObject({ status: 0, stderr: '' })
    expect(list.stdout).toContain(`${adaptations.length} adaptations to Pyodide ${dependencies.pyodide}`)
    expect(adaptations.length).toBeGreaterThan(40)
  })

  it('have at least one test each, except for five known adaptations', () => {
    expect(adaptations.filter(({ tests }) => tests.length === 0).map(({ file }) => file)).toEqual(WITHOUT_TEST)
  })

  it('were checked with the version of Pyodide in package.json', () => {
    expect(adaptations.filter(({ seenIn }) => seenIn !== dependencies.pyodide).map(({ file }) => file)).toEqual([])
  })
})
