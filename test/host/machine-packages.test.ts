/** Package folders of the system's CPython, which is queried again only if its answer may have changed. */

import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findExecutable } from '../../src/host/cpython/executable.ts'
import { installedPackageFolders } from '../../src/host/environment/machine-packages.ts'

let root: string
let packages: string
let environ: Record<string, string>
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cloaca-machine-'))
  packages = join(root, 'site-packages')
  mkdirSync(packages)
  environ = { HOME: root, CLOACA_CACHE_DIR: join(root, 'cache'), PATH: `${join(root, 'shims')}:/usr/bin:/bin` }
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

/** Installs a `python3` that records each query, and prints the content of the file `answer`. */
function installPython({ isPyenv }: { readonly isPyenv: boolean }): void {
  mkdirSync(join(root, 'shims'))
  if (isPyenv) {
    mkdirSync(join(root, 'libexec'))
    writeFileSync(join(root, 'libexec', 'pyenv'), '')
  }
  const python = join(root, 'shims', 'python3')
  writeFileSync(python, `#!/bin/sh\necho asked >> "${root}/asked"\ncat "${root}/answer"\n`)
  chmodSync(python, 0o755)
  answers([packages, join(root, 'gone')])
}

const answers = (folders: unknown) => writeFileSync(join(root, 'answer'), JSON.stringify(folders))
const timesAsked = () =>
  existsSync(join(root, 'asked')) ? readFileSync(join(root, 'asked'), 'utf8').split('\n').length - 1 : 0

describe("the system's CPython", () => {
  it('is queried once, and only its existing folders are returned', async () => {
    installPython({ isPyenv: true })

    expect(await installedPackageFolders(environ)).toEqual([packages])
    expect(await installedPackageFolders(environ)).toEqual([packages])
    expect(timesAsked()).toBe(1)
  })

  it.each([
    ['the version file of pyenv is created', () => writeFileSync(join(root, 'version'), '3.12.1')],
    ['PYENV_VERSION is set', () => Object.assign(environ, { PYENV_VERSION: '3.12.1' })],
    ['PYTHONUSERBASE is set', () => Object.assign(environ, { PYTHONUSERBASE: root })],
    ['pyenv installs a version', () => mkdirSync(join(root, 'versions'))],
    ['the cached answer is damaged', () => writeFileSync(join(root, 'cache', 'machine-python.json'), '{"')],
    ['other users can write to the cached answer', () => chmodSync(join(root, 'cache', 'machine-python.json'), 0o666)],
  ])('is queried again when %s', async (_, change) => {
    installPython({ isPyenv: true })
    await installedPackageFolders(environ)

    change()

    expect(await installedPackageFolders(environ)).toEqual([packages])
    expect(timesAsked()).toBe(2)
  })

  it('is queried each time if it is a script that does not belong to pyenv', async () => {
    installPython({ isPyenv: false })

    await installedPackageFolders(environ)
    await installedPackageFolders(environ)

    expect(timesAsked()).toBe(2)
  })

  it.each([['nothing of use'], [{}]])('has no folders if it answers %j, and is queried again', async (answer) => {
    installPython({ isPyenv: true })
    answers(answer)

    expect(await installedPackageFolders(environ)).toEqual([])
    answers([packages])
    expect(await installedPackageFolders(environ)).toEqual([packages])
  })

  it('may be missing, and is not queried in a virtual environment', async () => {
    expect(await installedPackageFolders({ ...environ, PATH: join(root, 'shims') })).toEqual([])
    installPython({ isPyenv: true })
    expect(await installedPackageFolders({ ...environ, VIRTUAL_ENV: root })).toEqual([])
    expect(timesAsked()).toBe(0)
  })

  it('is found although an earlier folder of PATH cannot be read', async () => {
    installPython({ isPyenv: true })
    symlinkSync('circle', join(root, 'circle'))
    const path = `${join(root, 'circle')}:${environ.PATH}`

    expect(await installedPackageFolders({ ...environ, PATH: path })).toEqual([packages])
    expect(findExecutable('python3', { PATH: path }, root)).toBe(join(root, 'shims', 'python3'))
  })

  it('is queried if the cache folder cannot be created', async () => {
    installPython({ isPyenv: true })
    writeFileSync(join(root, 'cache'), 'a file')

    expect(await installedPackageFolders(environ)).toEqual([packages])
  })
})
