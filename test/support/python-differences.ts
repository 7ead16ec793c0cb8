/**
 * Differences between Pyodide and CPython. Each difference is a row of `test/fixtures/python-differences.json` and of a
 * table in the manual. A test with different expectations names the row; all other behaviour is the same.
 */

import differences from '../fixtures/python-differences.json' with { type: 'json' }
import { TEST_PYTHON } from './test-python.ts'

export type Difference = keyof typeof differences

/** Returns the expected value for the tested Python. The difference is the reason for having two values. */
export function differs<Value>(
  _difference: Difference,
  { pyodide, cpython }: { readonly pyodide: Value; readonly cpython: Value },
): Value {
  return TEST_PYTHON === 'pyodide' ? pyodide : cpython
}

/** Returns whether the tested Python lacks the feature of a difference. Used for `skipIf`. */
export function isLeftOut(_difference: Difference): boolean {
  return TEST_PYTHON !== 'pyodide'
}
