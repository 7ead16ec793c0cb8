/** Python package that `pip install ./python` installs, compared with the npm package. */

import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { packageDigest } from '../../../src/host/environment/package-digest.ts'
import { readDocument } from '../../support/documents.ts'
import { PACKAGE_FOLDER } from '../../support/open-host.ts'
import { plainPythonEnvironment } from '../../support/plain-python.ts'
import { EXECUTABLE } from '../../support/test-python.ts'

const npm = JSON.parse(readDocument('package.json')) as { version: string; files: string[] }
const project = readDocument('python/pyproject.toml')

describe('the Python package', () => {
  it('has the version and license of the npm package, which contains its files', () => {
    expect(/^version = "(.*)"$/m.exec(project)?.[1]).toBe(npm.version)
    expect(readDocument('python/LICENSE')).toBe(readDocument('LICENSE'))
    const parts = ['cloaca', 'pyproject.toml', 'README.md', 'LICENSE']
    expect(npm.files).toEqual(expect.arrayContaining(parts.map((part) => `python/${part}`)))
  })

  it('excludes the folders for Pyodide, and no other folder', () => {
    const left = /exclude = \[(.*?)\]/.exec(project)?.[1] ?? ''

    expect([...left.matchAll(/"cloaca\.(\w+)\*"/g)].map((match) => match[1])).toEqual(['_adapt', '_packages'])
  })

  it('has the same digest in Python and in the engine', () => {
    const code = 'from cloaca._cpython.channel.build import package_digest; print(package_digest())'
    const { stdout } = spawnSync(EXECUTABLE, ['-c', code], { encoding: 'utf8', env: plainPythonEnvironment() })

    expect(stdout.trim()).toBe(packageDigest(PACKAGE_FOLDER))
  })
})
