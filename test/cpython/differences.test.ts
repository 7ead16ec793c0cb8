/** Differences between Pyodide and CPython in the manual, compared with the differences in the tests. */

import { describe, expect, it } from 'vitest'
import differences from '../fixtures/python-differences.json' with { type: 'json' }
import { readDocument, tableRows } from '../support/documents.ts'
import { sourceFiles } from '../support/source-tree.ts'

describe('the differences between Pyodide and CPython', () => {
  it('are the same in the manual and in the tests, with their reasons', () => {
    const rows = tableRows(readDocument('docs/cpython.md'), 'What')

    expect(rows).toEqual(
      Object.values(differences).map(({ what, pyodide, cpython, why }) => [what, pyodide, cpython, why]),
    )
  })

  it('are each covered by a test that runs under both', () => {
    const tests = ['test/scenarios', 'test/runner', 'python/tests'].flatMap((folder) =>
      sourceFiles(folder, '.ts', '.py'),
    )
    const text = tests.map((file) => file.text).join('\n')

    const unseen = Object.keys(differences).filter((name) => !new RegExp(`['"]${name}['"]`).test(text))
    expect(unseen).toEqual([])
  })
})
