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

/** Option whose value is the next word. */
const TAKES_VALUE = /^(-t|--(project|tags-filter|reporter|outputFile|testNamePattern|shard))$/

export function planTests(words: readonly string[]): TestPlan {
  const separator = words.indexOf('--')
  const forVitest = (separator < 0 ? words : words.slice(0, separator)).filter((word) => word !== '--once')
  const forPytest = separator < 0 ? [] : words.slice(separator + 1)
  const pythonTests = forVitest.filter(isPythonTest)
  const others = forVitest.filter((word) => !isPythonTest(word))
  if (pythonTests.length === 0 && forPytest.length > 0) {
    return { kind: 'mistake', reason: 'options for pytest, but no Python test is named' }
  }
  return {
    kind: 'runs',
    // Vitest runs all its tests if no Python test is named, and otherwise only the named ones.
    vitest: pythonTests.length > 0 && others.length === 0 ? null : [...defaultsFor(others), ...others],
    pytest: pythonTests.length > 0 ? [...pythonTests, ...forPytest] : null,
    isAgain: !words.includes('--once') && pythonTests.length === 0 && namesOnlyProjects(others),
  }
}

function isPythonTest(word: string): boolean {
  return !word.startsWith('-') && PYTHON_TEST.test(word)
}

/** Returns the words that choose tests if no file is named: those of `core` and `live`, and none of the night. */
function defaultsFor(words: readonly string[]): readonly string[] {
  const isChosen = (option: string) => words.some((word) => word.startsWith(option))
  const namesFiles = words.some((word, index) => !word.startsWith('-') && !TAKES_VALUE.test(words[index - 1] ?? ''))
  if (namesFiles) return []
  return [
    ...(isChosen('--project') ? [] : ['--project', 'core', '--project', 'live']),
    ...(isChosen('--tags-filter') ? [] : ['--tags-filter', '!night']),
  ]
}

function namesOnlyProjects(words: readonly string[]): boolean {
  const isValue = (index: number) => /^--(project|tags-filter)$/.test(words[index - 1] ?? '')
  return words.every((word, index) => /^--(project|tags-filter)(=|$)/.test(word) || isValue(index))
}

/** Returns the environment of the tests of vitest, or of pytest, which has to be found. */
export function cleanEnvironment(env: NodeJS.ProcessEnv, tests: 'vitest' | 'pytest'): NodeJS.ProcessEnv {
  const cleared = tests === 'vitest' ? CLEARED : CLEARED.filter((name) => !FINDS_PYTEST.includes(name))
  return Object.fromEntries(Object.entries(env).filter(([name]) => !cleared.includes(name)))
}
