/** Digest by which an engine and a CPython process check that they have the same Python package. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { packageDigest } from '../../src/host/environment/package-digest.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-digest-'))
  put('__init__.py', 'a = 1\n')
  put('_engine/poll.py', 'b = 2\n')
})

function put(path: string, content: string): void {
  const file = join(folder, 'cloaca', path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
}

it('the digest changes with the name and the content of each Python file of the package', () => {
  const before = packageDigest(folder)
  put('_engine/poll.py', 'b = 3\n')
  const changed = packageDigest(folder)
  put('_engine/other.py', '')
  expect(new Set([before, changed, packageDigest(folder)]).size).toBe(3)
})

it('the digest ignores files for Pyodide, and files that are not code', () => {
  const before = packageDigest(folder)
  for (const path of ['_adapt/x.py', '_packages/x.py', '_missing/x.py', 'py.typed', '__pycache__/x.cpython-312.pyc']) {
    put(path, 'x')
  }
  expect(packageDigest(folder)).toBe(before)
})

it('the digest is the sha256 of names and contents in the order of the names', () => {
  const said = '\\0__init__.py\\0a = 1\\n\\0_engine/poll.py\\0b = 2\\n'
  const sum = execFileSync('sh', ['-c', `printf '${said.replaceAll('\\0', '\\000')}' | sha256sum`], {
    encoding: 'utf8',
  })
  expect(packageDigest(folder)).toBe(sum.slice(0, 16))
})
