/** Scripts that paths and module names refer to. */

import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { findRemainingScripts, findScripts, type UnreadablePath } from '../../src/runner/script-sources.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-sources-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

function write(...names: readonly string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), '')
  }
}

const at = (...names: readonly string[]): readonly string[] => names.map((name) => join(folder, name))
const found = (...names: readonly string[]) =>
  findScripts(at(...names)).map(({ script }) => script.slice(folder.length + 1))

describe('a folder', () => {
  it('contains its Python files and those of its subfolders, in the order of their paths', () => {
    write('shop/b.py', 'shop/a.py', 'shop/jobs/nightly.py', 'shop/jobs/old/yearly.py', 'shop/readme.txt')

    expect(found('shop')).toEqual(['shop/a.py', 'shop/b.py', 'shop/jobs/nightly.py', 'shop/jobs/old/yearly.py'])
  })

  it('is searched without hidden, private and cached files and installed packages', () => {
    write('shop/a.py', 'shop/_private.py', 'shop/.hidden.py', 'shop/__init__.py', 'shop/.git/hook.py')
    write('shop/__pycache__/a.py', 'shop/node_modules/x/gyp.py', 'shop/lib/site-packages/requests.py')
    write('shop/env/pyvenv.cfg', 'shop/env/bin/activate_this.py', 'shop/_drafts/later.py')

    expect(found('shop')).toEqual(['shop/a.py'])
  })

  it('is searched if it is named explicitly, also if it is hidden or private', () => {
    write('.jobs/a.py', '_drafts/b.py')

    expect(found('.jobs', '_drafts')).toEqual(['.jobs/a.py', '_drafts/b.py'])
  })

  it('is searched through symbolic links, without loops and without broken links', () => {
    write('shop/a.py', 'elsewhere/b.py', 'shop/jobs/c.py')
    symlinkSync('../elsewhere', join(folder, 'shop/linked'))
    symlinkSync('..', join(folder, 'shop/jobs/up'))
    symlinkSync('gone.py', join(folder, 'shop/broken.py'))

    expect(found('shop')).toEqual(['shop/a.py', 'shop/jobs/c.py', 'shop/linked/b.py'])
  })

  it('is rejected with its name if it contains no Python file', () => {
    write('shop/readme.txt', 'shop/.venv/a.py')

    const refusal = { code: 'INVALID_ARGUMENT', facts: { script: join(folder, 'shop') } }
    expect(() => findScripts(at('shop'))).toThrow(expect.objectContaining(refusal))
  })
})

describe('an entry of a folder that cannot be read', () => {
  const leftOut: UnreadablePath[] = []
  const leaveOut = (each: UnreadablePath) => leftOut.push(each)
  const named = () => leftOut.map(({ path }) => path.slice(folder.length + 1))
  beforeEach(() => leftOut.splice(0))

  it('is reported with the reason if it is a link to itself, and the other files are found', () => {
    write('shop/a.py', 'shop/jobs/b.py')
    symlinkSync('loop.py', join(folder, 'shop/jobs/loop.py'))
    symlinkSync('loop.txt', join(folder, 'shop/jobs/loop.txt'))

    const scripts = findScripts(at('shop'), leaveOut).map(({ script }) => script)

    expect(scripts).toEqual(at('shop/a.py', 'shop/jobs/b.py'))
    expect(named()).toEqual(['shop/jobs/loop.py'])
    expect(leftOut[0]?.reason).toContain('ELOOP')
  })

  it.skipIf(process.getuid?.() === 0)('is reported if it is a folder without read or execute permission', () => {
    write('shop/a.py', 'shop/closed/b.py', 'shop/names/c.py')
    chmodSync(join(folder, 'shop/closed'), 0o000)
    chmodSync(join(folder, 'shop/names'), 0o444)

    const scripts = findScripts(at('shop'), leaveOut).map(({ script }) => script)
    expect(() => findScripts(at('shop/closed'))).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    const still = findRemainingScripts(at('shop/closed', 'shop/a.py'), new Set(), leaveOut).map(({ script }) => script)
    chmodSync(join(folder, 'shop/closed'), 0o755)
    chmodSync(join(folder, 'shop/names'), 0o755)

    expect(scripts).toEqual(at('shop/a.py'))
    expect(still).toEqual(at('shop/a.py'))
    expect(named()).toEqual(['shop/closed', 'shop/names', 'shop/closed'])
  })

  it.runIf(process.platform === 'linux')('is reported if its name is not UTF-8', () => {
    write('shop/a.py')
    const unnamed = (end: string) =>
      Buffer.concat([Buffer.from(`${folder}/shop/caf`), Buffer.of(0xe9), Buffer.from(end)])
    for (const end of ['.py', '.csv']) writeFileSync(unnamed(end), '')
    mkdirSync(unnamed(''))

    expect(findScripts(at('shop'), leaveOut)).toHaveLength(1)
    expect(named()).toEqual(['shop/caf\ufffd', 'shop/caf\ufffd.py'])
  })

  it('is named in the error if the folder contains no other script', () => {
    write('shop/readme.txt')
    symlinkSync('loop.py', join(folder, 'shop/loop.py'))

    expect(() => findScripts(at('shop'))).toThrow(/contain no Python.* "[^"]*loop\.py" is skipped: .*ELOOP/)
    expect(() => findScripts(at('shop/loop.py'))).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
  })
})

describe('a file', () => {
  it('is one script, also if several paths and symbolic links name it', () => {
    write('shop/a.py', 'shop/b.py')
    symlinkSync('a.py', join(folder, 'shop/z.py'))
    symlinkSync('shop', join(folder, 'store'))

    expect(found('shop/a.py', 'shop/a.py', 'store/a.py', 'shop')).toEqual(['shop/a.py', 'shop/b.py'])
    expect(found('shop', 'store')).toEqual(['shop/a.py', 'shop/b.py'])
  })

  it('is one script under the name given first, also if a path and a module name refer to it', () => {
    write('shop/__init__.py', 'shop/jobs/nightly.py', 'shop/jobs/weekly.py', 'lib/parts_of_shop/__init__.py')
    vi.stubEnv('PYTHONPATH', [folder, join(folder, 'lib')].join(delimiter))
    const names = (...places: readonly string[]) => findScripts(places).map(({ script }) => script)
    const path = join(folder, 'shop/jobs/nightly.py')

    expect(names(path, 'shop.jobs.nightly')).toEqual([path])
    expect(names('shop.jobs.nightly', path)).toEqual(['shop.jobs.nightly'])
    expect(names(join(folder, 'shop'), 'shop.jobs.nightly')).toEqual([
      join(folder, 'shop/jobs/weekly.py'),
      'shop.jobs.nightly',
    ])
    expect(names('parts_of_shop', join(folder, 'lib/parts_of_shop/__init__.py'), 'json')).toEqual([
      'parts_of_shop',
      'json',
    ])
  })

  it('is listed under its given path if its folder is named too', () => {
    write('shop/a.py', 'shop/b.py')

    const scripts = findScripts([join(folder, 'shop'), join(folder, 'shop/../shop/a.py')]).map(({ script }) => script)

    expect(scripts).toEqual([join(folder, 'shop/b.py'), join(folder, 'shop/../shop/a.py')])
  })

  it('may have spaces and non-ASCII letters in its path', () => {
    write('mein Laden/größte Aufträge.py', "mein Laden/日本/it's.py")

    expect(found('mein Laden')).toEqual(['mein Laden/größte Aufträge.py', "mein Laden/日本/it's.py"])
  })
})

it('drops the scripts of deleted files and folders, and keeps modules and the other scripts', () => {
  write('shop/a.py', 'one.py', 'empty/readme.txt')
  const known = new Set(['os.path'])

  const places = [...at('shop', 'one.py', 'gone.py', 'empty'), 'os.path', 'shop_that_was_a_folder']

  expect(findRemainingScripts(places, known).map(({ script }) => script)).toEqual([
    ...at('shop/a.py', 'one.py'),
    'os.path',
  ])
})
