/**
 * Where the Pythons differ: each difference is a row of `test/fixtures/python-differences.json` and of the manual's table, and a test that
 * expects one names its row. What no row excuses is the same under all of them.
 */

import differences from '../fixtures/python-differences.json' with { type: 'json' }
import { TEST_PYTHON } from './test-python.ts'

export type Difference = keyof typeof differences

/** What is expected of the Python that is tested, where a difference says that it is not the same. */
export function differs<Value>(
  _difference: Difference,
  { pyodide, cpython }: { readonly pyodide: Value; readonly cpython: Value },
): Value {
  return TEST_PYTHON === 'pyodide' ? pyodide : cpython
}

/** Whether what a difference is about is left out under the Python that is tested: for `skipIf`. */
export function isLeftOut(_difference: Difference): boolean {
  return TEST_PYTHON !== 'pyodide'
}
