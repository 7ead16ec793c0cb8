/**
 * `npm test -- …`: Python tests run in the engine, other tests in vitest. A fake pytest, which prints its platform
 * and arguments, replaces the real one, so that none has to be installed.
 */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CLEARED, cleanEnvironment, planTests } from '../../tools/test-plan.ts'
import { ROOT } from '../support/source-tree.ts'

const PYTEST = `
import sys
print("pytest on", sys.platform, sys.argv[1:])
sys.exit(7 if "fails" in sys.argv else 0)
`
const PYTEST_OPTIONS = `'-q', '-p', 'no:cacheprovider'`
const QUICK_TEST = 'test/engine/cron/expressions.test.ts'

let modules: string
beforeAll(() => {
  modules = mkdtempSync(join(tmpdir(), 'cloaca-pytest-'))
  writeFileSync(join(modules, 'pytest.py'), PYTEST)
})
afterAll(() => rmSync(modules, { recursive: true, force: true }))

function npmTest(...words: readonly string[]) {
  const { NODE_OPTIONS: _, VITEST: __, ...env } = process.env
  const { status, stdout, stderr } = spawnSync('npm', ['test', '-s', '--', ...words], {
    cwd: ROOT,
    env: { ...env, PYTHONPATH: modules, NO_COLOR: '1' },
    encoding: 'utf8',
  })
  return { status, output: stdout + stderr }
}

describe('npm test', () => {
  it('runs a Python test in the engine, and nothing else', () => {
    const { status, output } = npmTest('python/tests/test_task.py::test_x')

    expect(output).toBe(`pytest on emscripten [${PYTEST_OPTIONS}, 'python/tests/test_task.py::test_x']\n`)
    expect(status).toBe(0)
  })

  it('runs other files in vitest, with vitest options', () => {
    const { status, output } = npmTest(QUICK_TEST, '-t', 'no test has this name')

    expect(output).toMatch(/Tests +\d+ skipped/)
    expect(output).not.toContain('pytest')
    expect(status).toBe(0)
  })

  it('runs both if both are named, and passes arguments after a second -- to pytest', () => {
    const { status, output } = npmTest('python/tests', QUICK_TEST, '--reporter=verbose', '--', '-x', '-k', 'a')

    expect(output).toContain(`pytest on emscripten [${PYTEST_OPTIONS}, 'python/tests', '-x', '-k', 'a']`)
    // Vitest prints the project's name in between, with colours or brackets that depend on the terminal.
    expect(output).toMatch(new RegExp(`✓.*core.*${QUICK_TEST.replaceAll('.', '[.]')}`))
    expect(status).toBe(0)
  })

  it('fails if pytest or vitest fails', () => {
    expect(npmTest('python/tests', QUICK_TEST, '--', 'fails').status).toBe(7)
    expect(npmTest('python/tests', 'no-file-has-this-name').status).toBe(1)
  })

  it('rejects pytest options without a Python test', () => {
    expect(npmTest(QUICK_TEST, '--', '-x')).toMatchObject({
      status: 2,
      output: expect.stringContaining('no Python test'),
    })
  })
})

describe('the plan of npm test', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['without words', [], ['--project', 'core', '--project', 'live', '--tags-filter', '!night']],
    [
      'of named projects',
      ['--project', 'cpython', '--project=plain'],
      ['--tags-filter', '!night', '--project', 'cpython', '--project=plain'],
    ],
    ['of the night', ['--project=live', '--tags-filter=night'], ['--project=live', '--tags-filter=night']],
  ])('runs failed files again after a run %s, but not with --once', (_, words, vitest) => {
    expect(planTests(words)).toEqual({ kind: 'runs', vitest, pytest: null, isAgain: true })
    expect(planTests([...words, '--once'])).toEqual({ kind: 'runs', vitest, pytest: null, isAgain: false })
  })

  it.each([
    [['test/cli']],
    [['--project', 'live', 'test/cli']],
    [['-t', 'a title']],
    [['--project=page', '--reporter=json']],
    [['python/tests']],
  ])('does not run failed files again if files or other options are named: %j', (words) => {
    expect(planTests(words)).toMatchObject({ kind: 'runs', isAgain: false })
  })
})

describe('the words for vitest', () => {
  it.each<[readonly string[], readonly string[]]>([
    [['test/host/recursion.test.ts'], []],
    [['--project', 'deep', 'recursion'], []],
    [
      ['-t', 'a title'],
      ['--project', 'core', '--project', 'live', '--tags-filter', '!night'],
    ],
    [['--reporter=json'], ['--project', 'core', '--project', 'live', '--tags-filter', '!night']],
  ])('leave tests of the night out unless files are named: %j', (words, added) => {
    expect(planTests(words)).toMatchObject({ vitest: [...added, ...words] })
  })
})

describe('the environment of tests', () => {
  const names = ['HOME', 'CLOACA_DATABASE_URL', 'CLOACA_DURABILITY', 'PYTHONUNBUFFERED', 'PYTHONPATH', 'VIRTUAL_ENV']
  const env = Object.fromEntries(names.map((name) => [name, 'x']))

  it('has no settings of cloaca and Python, but pytest keeps those that find it', () => {
    expect(Object.keys(cleanEnvironment(env, 'vitest'))).toEqual(['HOME'])
    expect(Object.keys(cleanEnvironment(env, 'pytest'))).toEqual(['HOME', 'PYTHONPATH', 'VIRTUAL_ENV'])
  })

  it('lacks the same variables under npm test and .ci/run', () => {
    const [, unset = ''] = /^unset (.+)$/m.exec(readFileSync(join(ROOT, '.ci/run'), 'utf8')) ?? []

    expect(unset.split(' ').sort()).toEqual([...CLEARED].sort())
  })
})
