/** Where the machine's Python keeps its packages: asked for once, as long as nothing that it depends on has changed. */

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

/** Puts a `python3` in place that notes each time it is asked, and answers what the file `answer` says. */
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

describe("the machine's Python", () => {
  it('is asked once, and its folders are those that exist', async () => {
    installPython({ isPyenv: true })

    expect(await installedPackageFolders(environ)).toEqual([packages])
    expect(await installedPackageFolders(environ)).toEqual([packages])
    expect(timesAsked()).toBe(1)
  })

  it.each([
    ['another version is chosen', () => writeFileSync(join(root, 'version'), '3.12.1')],
    ['a variable chooses another version', () => Object.assign(environ, { PYENV_VERSION: '3.12.1' })],
    ['packages of the user are elsewhere', () => Object.assign(environ, { PYTHONUSERBASE: root })],
    ['a version was installed', () => mkdirSync(join(root, 'versions'))],
    ['the kept answer is damaged', () => writeFileSync(join(root, 'cache', 'machine-python.json'), '{"')],
    ['others may have written it', () => chmodSync(join(root, 'cache', 'machine-python.json'), 0o666)],
  ])('is asked again when %s', async (_, change) => {
    installPython({ isPyenv: true })
    await installedPackageFolders(environ)

    change()

    expect(await installedPackageFolders(environ)).toEqual([packages])
    expect(timesAsked()).toBe(2)
  })

  it('is asked each time where it is a script that may answer by other rules', async () => {
    installPython({ isPyenv: false })

    await installedPackageFolders(environ)
    await installedPackageFolders(environ)

    expect(timesAsked()).toBe(2)
  })

  it.each([['nothing of use'], [{}]])('that answers %j has no packages, and is asked again', async (answer) => {
    installPython({ isPyenv: true })
    answers(answer)

    expect(await installedPackageFolders(environ)).toEqual([])
    answers([packages])
    expect(await installedPackageFolders(environ)).toEqual([packages])
  })

  it('may be missing, and is not asked in a virtual environment', async () => {
    expect(await installedPackageFolders({ ...environ, PATH: join(root, 'shims') })).toEqual([])
    installPython({ isPyenv: true })
    expect(await installedPackageFolders({ ...environ, VIRTUAL_ENV: root })).toEqual([])
    expect(timesAsked()).toBe(0)
  })

  it('is found after a folder of PATH that the system refuses to read', async () => {
    installPython({ isPyenv: true })
    symlinkSync('circle', join(root, 'circle'))
    const path = `${join(root, 'circle')}:${environ.PATH}`

    expect(await installedPackageFolders({ ...environ, PATH: path })).toEqual([packages])
    expect(findExecutable('python3', { PATH: path }, root)).toBe(join(root, 'shims', 'python3'))
  })

  it('is asked where nothing can be kept', async () => {
    installPython({ isPyenv: true })
    writeFileSync(join(root, 'cache'), 'a file')

    expect(await installedPackageFolders(environ)).toEqual([packages])
  })
})
