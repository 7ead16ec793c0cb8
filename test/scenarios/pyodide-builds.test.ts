/**
 * Pyodide's own builds as a second source of packages. The tests use a mirror and a lock file with small packages; one
 * package contains a module in C that needs a shared library (`test/fixtures/native`).
 */

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'
import { PackageServer } from '../support/package-server.ts'
import { type PipEnd, pipCommands } from '../support/pip-commands.ts'
import { ROOT } from '../support/source-tree.ts'
import { pureWheel, type Wheel, zip } from '../support/wheel.ts'

const TAG = 'cp314-cp314-pyemscripten_2026_0_wasm32'
const LINUX = 'cp314-cp314-manylinux_2_17_x86_64'
const binary = (name: string) => readFileSync(join(ROOT, 'test/fixtures/native', name))

const module = pureWheel('other', '1.0', '')
const native = pureWheel('native', '1.0', '', {
  tag: TAG,
  module: 'native_extra',
  files: { 'native.cpython-314-wasm32-emscripten.so': binary('native.so') },
})
const library: Wheel = { fileName: 'libhelper-1.0.zip', bytes: zip([['libhelper.so', binary('libhelper.so')]]) }
const faulty = ['wrong', 'gone', 'cut', 'stalled'].map((name) => pureWheel(name, '1.0', '#'.repeat(5000), { tag: TAG }))
/** A build with native code. The index has newer versions that also run here. */
const array = pureWheel('arrays', '1.0', 'version = 1', { tag: TAG })
const builds = [native, library, module, ...faulty, pureWheel('pure', '1.0', 'version = 1'), array]

let server: PackageServer
let terminal: Terminal
let lock: string
let env: Record<string, string>

beforeAll(async () => {
  server = await PackageServer.open()
  terminal = new Terminal()
  server.offer(
    pureWheel('app', '1.0', '', { requires: ['native>=1', 'pure'] }),
    pureWheel('pure', '2.0', 'version = 2'),
    pureWheel('arrays', '2.0', 'version = 2'),
    pureWheel('arrays', '3.0', 'version = 3', { tag: TAG }),
    pureWheel('uses-arrays', '1.0', '', { requires: ['arrays>=1'] }),
  )
  for (const version of ['1.0', '1.1']) server.list(`native-${version}-${LINUX}.whl`)
  for (const { fileName, bytes } of builds) {
    if (!fileName.startsWith('gone'))
      server.put(`/builds/${fileName}`, fileName.startsWith('wrong') ? bytes.subarray(1) : bytes)
  }
  server.faults.set(`/builds/${faulty[2]?.fileName}`, 'cut')
  server.faults.set(`/builds/${faulty[3]?.fileName}`, 'stall')
  lock = terminal.write('lock.json', JSON.stringify({ packages: Object.fromEntries(builds.map(lockEntry)) }))
  env = {
    ...server.environment,
    PIP_TIMEOUT: '1',
    CLOACA_PYODIDE_MIRROR: `${server.address}/builds`,
    CLOACA_CACHE_DIR: join(terminal.folder, 'cache'),
  }
  shareSnapshots(env.CLOACA_CACHE_DIR ?? '')
})

afterAll(async () => {
  await terminal[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

beforeEach(() => rmSync(join(terminal.folder, '.cloaca'), { recursive: true, force: true }))

describe("Pyodide's own builds", () => {
  it('are installed with their libraries if the index has no fitting wheel, and open no sockets', async () => {
    const [installed, checked, listed] = await pip('install app', 'check', 'list')
    const use = 'print(native.answer(), pure.version, native.open_socket() < 0, native.open_socket() < 0)'
    const used = await run(`import native, pure; ${use}`)

    expect(installed?.stdout).toMatch(/Installing collected packages: .*other, native, app/)
    expect(installed?.stdout).toContain('Installed shared libraries: libhelper-1.0')
    expect(installed?.stderr).toContain('Using native 1.0, as 1.1 has no wheel that runs here.')
    expect(checked?.exitCode).toBe(0)
    expect(listed?.stdout).not.toContain('libhelper')
    expect(used.stdout).toBe('42 2 True True\n')
    expect(used.stderr).toMatch(
      /^[^\n]*Native code of a package cannot open a socket in WebAssembly[^\n]*pg8000[^\n]*\n$/,
    )
  })

  it('with native code are replaced by newer versions of the index only on request', async () => {
    const [installed, upgraded, asked] = await pip(
      'install uses-arrays',
      'install --upgrade arrays',
      'install arrays==3.0',
    )
    const used = await run('import importlib.metadata as m; print(m.version("arrays"))')

    expect(installed?.stdout).toMatch(/Successfully installed .*arrays-1\.0/)
    expect(installed?.stderr).toContain(
      "Using Pyodide's build of arrays 1.0; the index has 3.0. " +
        'To install that version, request it: cloaca pip install "arrays==3.0".',
    )
    expect(upgraded?.stdout).not.toContain('Successfully installed')
    expect(asked?.stdout).toContain('Successfully installed arrays-3.0')
    expect(used.stdout).toBe('3.0\n')
  })

  it('are checked and installed from the cache the next time, and removed with their libraries', async () => {
    await pip('install native')
    const kept = join(env.CLOACA_CACHE_DIR ?? '', 'pyodide', digestOf(module).slice(0, 16), module.fileName)
    writeFileSync(kept, 'damaged')
    server.requests.length = 0

    const both = ['uninstall --yes native other', 'install native']
    const [removed, again] = await pip(...both, 'uninstall --yes native')

    expect(removed?.exitCode).toBe(0)
    expect(again?.stdout).toContain('Successfully installed native-1.0 other-1.0')
    expect(downloads()).toEqual([`GET /builds/${module.fileName}`])
    expect(packages()).toEqual(['other-1.0.dist-info', 'other.py'])
  })

  it('are not installed if their hash differs from the lock file, or if their download fails', async () => {
    const ends = await pip(...faulty.map(({ fileName }) => `install pure ${fileName.split('-')[0]}`))

    expect(ends.map((end) => end.exitCode)).toEqual([1, 1, 1, 1])
    const [wrong, gone, cut, stalled] = ends.map((end) => end.stderr)
    expect(wrong).toMatch(/has the wrong SHA-256 digest: it is \w{64}, but Pyodide's lock file requires \w{64}/)
    expect(gone).toMatch(/gone-1\.0-.*whl not found \(status 404\)\./)
    expect(cut).toMatch(/cut-1\.0-.*whl was interrupted: .*CLOACA_PYODIDE_MIRROR/)
    expect(stalled).toMatch(/stalled-1\.0-.*whl was interrupted: .*timed out/)
    expect(packages()).toEqual([])
  })

  it('can come from a folder, and are checked against the lock file, too', async () => {
    const folder = join(terminal.folder, 'builds')
    mkdirSync(folder)
    for (const { fileName, bytes } of builds) writeFileSync(join(folder, fileName), bytes)
    writeFileSync(join(folder, faulty[0]?.fileName ?? ''), 'something else')
    rmSync(join(folder, faulty[1]?.fileName ?? ''))
    env = { ...env, CLOACA_PYODIDE_MIRROR: folder }

    const [installed, wrong, gone] = await pip('install native', 'install wrong', 'install gone')

    expect(installed?.stdout).toContain('Successfully installed native-1.0 other-1.0')
    expect(wrong?.stderr).toContain('has the wrong SHA-256 digest')
    expect(gone).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Package "gone" not found') })
  })
})

const pip = (...commands: readonly string[]): Promise<readonly PipEnd[]> => pipCommands(terminal, env, commands, lock)

const run = (code: string) => terminal.run(['run', '-c', code])

const packages = () => {
  const folder = join(terminal.folder, '.cloaca', 'packages')
  return existsSync(folder) ? readdirSync(folder).toSorted() : []
}

const downloads = () => server.requests.filter((line) => line.startsWith('GET /builds/'))

function digestOf({ bytes }: Wheel): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function lockEntry(wheel: Wheel): [string, object] {
  const [name = '', version = ''] = wheel.fileName.replace(/\.zip$/, '').split('-')
  const isLibrary = wheel === library
  const entry = {
    version,
    file_name: wheel.fileName,
    sha256: digestOf(wheel),
    depends: wheel === native ? ['libhelper', 'other'] : [],
    package_type: isLibrary ? 'shared_library' : 'package',
  }
  return [name, entry]
}

/** Creates the cache of this test with links to slow parts of the shared cache: snapshots, pip and compiled code. */
function shareSnapshots(cache: string): void {
  const shared = process.env.CLOACA_CACHE_DIR
  mkdirSync(cache, { mode: 0o700 })
  if (shared === undefined || !existsSync(shared)) return
  for (const name of readdirSync(shared)) {
    if (/^(snapshot-.*\.bin|pip-[\da-f]{16}|bytecode|compiled)$/.test(name))
      symlinkSync(join(shared, name), join(cache, name))
  }
}
