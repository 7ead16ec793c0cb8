/** Packages without a wheel for this platform, neither in the index nor in Pyodide's builds. */

import { createHash } from 'node:crypto'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'
import { PackageServer } from '../support/package-server.ts'
import { pipCommands } from '../support/pip-commands.ts'
import { pureWheel } from '../support/wheel.ts'

const LINUX = 'cp314-cp314-manylinux_2_17_x86_64'
const UNREACHABLE = 'http://127.0.0.1:9/builds'

let server: PackageServer
let terminal: Terminal
let env: Record<string, string>

beforeAll(async () => {
  server = await PackageServer.open()
  terminal = new Terminal()
  env = { ...server.environment, CLOACA_PYODIDE_MIRROR: UNREACHABLE }
  const source = 'try:\n    from _native_half import *\nexcept ImportError:\n    half = "python"\n'
  const files = { '_native_half.cpython-314-x86_64-linux-gnu.so': '\x7fELF' }
  server.offer(
    pureWheel('markupsafe', '3.0.9', source, { tag: LINUX, files }),
    pureWheel('pyyaml', '6.0.9', '', { tag: LINUX }),
    pureWheel('secure', '1.0', ''),
    ...['1.1', '2.0'].map((version) => pureWheel('secure', version, '', { requires: ['psycopg2>=2'] })),
    pureWheel('uses-new', '1.0', '', { requires: ['secure>=2'] }),
    pureWheel('uses-old', '1.0', '', { requires: ['secure<2'] }),
    pureWheel('limits', '1.0', '', { requires: ['secure', 'within'] }),
    pureWheel('within', '1.0', '', { requires: ['secure==1.0'] }),
  )
  server.list(`psycopg2-2.9-${LINUX}.whl`)
  server.list(`numpy-2.3.9-${LINUX}.whl`)
})

afterAll(async () => {
  await terminal[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const pip = (...commands: readonly string[]) => pipCommands(terminal, env, commands)
const packages = () => readdirSync(join(terminal.folder, '.cloaca', 'packages')).toSorted()

describe('a package without a wheel that runs here', () => {
  it('is installed from its Linux wheel without native files, with a warning, if it is known to work', async () => {
    const [installed, checked] = await pip('install markupsafe pyyaml', 'check')
    const run = await terminal.run(['run', '-c', 'import markupsafe; print(markupsafe.half)'])

    const [mirror, table, ...more] = installed?.stderr.trimEnd().split('\n') ?? []
    expect(mirror).toMatch(`Cannot reach Pyodide's builds at ${UNREACHABLE}`)
    expect(table).toMatch(
      /wheels for Linux, without their native files: (markupsafe 3\.0\.9, pyyaml 6\.0\.9|pyyaml .*)/,
    )
    expect(more).toEqual([])
    expect(checked).toMatchObject({ exitCode: 0, stdout: 'No broken requirements found.\n' })
    expect(packages().filter((name) => name.endsWith('.so'))).toEqual([])
    expect(run.stdout).toBe('python\n')
  })

  it('is checked against the hash of its Linux wheel', async () => {
    const { bytes } = pureWheel('pyyaml', '6.0.9', '', { tag: LINUX })
    const digest = createHash('sha256').update(bytes).digest('hex')
    writeFileSync(join(terminal.folder, 'good.txt'), `pyyaml==6.0.9 --hash=sha256:${digest}\n`)
    writeFileSync(join(terminal.folder, 'bad.txt'), `pyyaml==6.0.9 --hash=sha256:${'0'.repeat(64)}\n`)

    const [bad, good] = await pip('install --force-reinstall -r bad.txt', 'install --force-reinstall -r good.txt')

    expect(bad).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('DO NOT MATCH THE HASHES') })
    expect(good).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Successfully installed pyyaml-6.0.9') })
  })

  it('is reported with the name of the unreachable mirror that has a build, and nothing is installed', async () => {
    const before = packages()
    const [end] = await pip('install secure==1.0 numpy')

    expect(end?.exitCode).toBe(1)
    expect(end?.stderr).toMatch(
      new RegExp(
        `"numpy" was not installed: cannot reach ${UNREACHABLE}, which has Pyodide's build of it\\.` +
          '.*--python python3\\n',
      ),
    )
    expect(end?.stderr).toMatch(/\ncloaca: Nothing was installed or removed\.\n$/)
    expect(packages()).toEqual(before)
  })

  it('fails the installation of a package that needs it, unless an older version is requested', async () => {
    const before = packages()
    const [newest, impossible] = await pip('install secure', 'install uses-new')
    expect(packages()).toEqual(before)
    const [asked, others] = await pip('install secure<2 psycopg2', 'install limits')

    for (const end of [newest, impossible]) {
      expect(end?.exitCode).toBe(1)
      expect(end?.stderr).toMatch(/"psycopg2" cannot run here: .*manylinux.* Use pg8000/)
    }
    expect(newest?.stderr).toContain('secure 2.0 needs psycopg2>=2, which has no wheel that runs here')
    expect(newest?.stderr).toContain('cloaca pip install "secure<1.1"') // version 1.1 requires psycopg2, too
    expect(asked?.exitCode).toBe(1)
    expect(others?.stdout).toContain('Successfully installed limits-1.0 secure-1.0 within-1.0')
  })
})
