/** Plan of `npm test`: the commands that its words ask for, and whether failed files run again. Pure. */

export type TestPlan =
  | { readonly kind: 'mistake'; readonly reason: string }
  | {
      readonly kind: 'runs'
      /** Words for vitest, or null if it does not run. */
      readonly vitest: readonly string[] | null
      /** Words for pytest, or null if it does not run. */
      readonly pytest: readonly string[] | null
      /** Whether failed files of vitest run again, alone: after runs of whole projects, but not without `--once`. */
      readonly isAgain: boolean
    }

/** Variables of a developer that change what tests observe. `.ci/run` clears them, too. */
export const CLEARED = ['CLOACA_DATABASE_URL', 'CLOACA_DURABILITY', 'VIRTUAL_ENV', 'PYTHONPATH', 'PYTHONUNBUFFERED']
/** Variables by which Python finds pytest. */
const FINDS_PYTEST = ['VIRTUAL_ENV', 'PYTHONPATH']

/** Folder below `python`, Python file, or test in such a file: `python/tests/test_x.py::test_y[z]`. */
const PYTHON_TEST = /^(\.[\\/])?python([\\/]|$)|\.py(::.*)?$/

export function planTests(words: readonly string[]): TestPlan {
  const separator = words.indexOf('--')
  const forVitest = (separator < 0 ? words : words.slice(0, separator)).filter((word) => word !== '--once')
  const forPytest = separator < 0 ? [] : words.slice(separator + 1)
  const pythonTests = forVitest.filter(isPythonTest)
  const others = forVitest.filter((word) => !isPythonTest(word))
  if (pythonTests.length === 0 && forPytest.length > 0) {
    return { kind: 'mistake', reason: 'options for pytest, but no Python test is named' }
  }
  const isAll = others.every((word) => word.startsWith('-')) && !others.some((word) => word.startsWith('--project'))
  return {
    kind: 'runs',
    // Vitest runs all its tests if no Python test is named, and otherwise only the named ones.
    vitest:
      pythonTests.length > 0 && others.length === 0 ? null : [...(isAll ? ['--project', 'engine'] : []), ...others],
    pytest: pythonTests.length > 0 ? [...pythonTests, ...forPytest] : null,
    isAgain: !words.includes('--once') && pythonTests.length === 0 && namesOnlyProjects(others),
  }
}

function isPythonTest(word: string): boolean {
  return !word.startsWith('-') && PYTHON_TEST.test(word)
}

function namesOnlyProjects(words: readonly string[]): boolean {
  return words.every((word, index) => word.startsWith('--project') || words[index - 1] === '--project')
}

/** Returns the environment of the tests of vitest, or of pytest, which has to be found. */
export function cleanEnvironment(env: NodeJS.ProcessEnv, tests: 'vitest' | 'pytest'): NodeJS.ProcessEnv {
  const cleared = tests === 'vitest' ? CLEARED : CLEARED.filter((name) => !FINDS_PYTEST.includes(name))
  return Object.fromEntries(Object.entries(env).filter(([name]) => !cleared.includes(name)))
}
