/** `--allow-ffi`: `ctypes`, and native modules that a restricted script could have written. Scripts that are not restricted have both. */

import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { restrictionProblem } from '../../src/host/restriction/node-flags.ts'
import { optionsOf } from '../../src/runner/project-options.ts'
import { loadSettings } from '../../src/settings/settings.ts'
import { Terminal } from '../support/cloaca-process.ts'

const CALLS_C = `
import ctypes
print(ctypes.CDLL(None).abs(-3))
`

/** Imports as packages do that have a use for `ctypes`, or can do without. */
const IMPORTS = `
import types

def came(run):
    try:
        return run()
    except ImportError as error:
        return f"{type(error).__name__}: {error}"

def of_package(name):
    module = types.ModuleType(name)
    exec("import ctypes\\ndef use(): return ctypes.c_int", vars(module))
    return module.use

try:
    import ctypes
except ImportError:
    print("does without")
print(came(lambda: of_package("other")))
print(came(of_package("pandas.errors")))
`

/** Loads empty modules of WebAssembly. If one is loaded, Python reports that it lacks an export. */
const LOADS = `
import importlib.machinery, importlib.util, sys
for path in sys.argv[1:]:
    loader = importlib.machinery.ExtensionFileLoader("empty", path)
    try:
        importlib.util.module_from_spec(importlib.util.spec_from_loader("empty", loader))
    except ImportError as error:
        print(str(error).splitlines()[0].replace(path, "PATH"))
`
const EMPTY_LIBRARY = Buffer.from('0061736d01000000000f0864796c696e6b2e30010400000000', 'hex')
const LOADED = 'dynamic module does not define module export function (PyInit_empty)'

describe('a script that is not restricted', () => {
  it('imports ctypes, and calls a function of C with it', async () => {
    await using terminal = new Terminal()
    terminal.write('program.py', CALLS_C)

    expect(await terminal.run(['run', 'program.py'])).toMatchObject({ exitCode: 0, stdout: '3\n' })
  })
})

describe.skipIf(restrictionProblem() !== null)('a restricted script', () => {
  it('imports ctypes only if it is granted native code', async () => {
    await using terminal = new Terminal()
    terminal.write('program.py', CALLS_C)

    const refused = await terminal.run(['run', '--restrict', 'program.py'])
    const granted = await terminal.run(['run', '--restrict', '--allow-ffi', 'program.py'])

    expect(refused).toMatchObject({ exitCode: 1, stdout: '' })
    expect(refused.stderr).toContain('"ctypes" needs --allow-ffi because this script is restricted')
    expect(granted).toMatchObject({ exitCode: 0, stdout: '3\n' })
  })

  it('imports packages that can do without ctypes, and pandas, which imports it and seldom uses it', async () => {
    await using terminal = new Terminal()
    terminal.write('program.py', IMPORTS)

    const ended = await terminal.run(['run', '--restrict', 'program.py'])

    expect(ended.stdout.split('\n')).toEqual([
      'does without',
      'ModuleNotFoundError: "ctypes" needs --allow-ffi because this script is restricted',
      'ImportError: "ctypes.c_int" needs --allow-ffi because this script is restricted',
      '',
    ])
  })

  it('loads native modules that it cannot write, and others only if it is granted native code', async () => {
    await using terminal = new Terminal()
    terminal.write('program.py', LOADS)
    const [own, written] = ['own.so', 'written/made.so'].map((name) => terminal.write(name, ''))
    for (const path of [own, written]) writeFileSync(path ?? '', EMPTY_LIBRARY)
    const run = (...flags: readonly string[]) =>
      terminal.run(['run', '--restrict', '--allow-write', 'written', ...flags, 'program.py', own ?? '', written ?? ''])

    const refused = await run()
    const granted = await run('--allow-ffi')

    expect(refused.stdout.split('\n')).toEqual([
      LOADED,
      '"PATH" is native code that a restricted script could have written. To allow it: --allow-ffi',
      '',
    ])
    expect(granted.stdout.split('\n')).toEqual([LOADED, LOADED, ''])
  })
})

describe('settings', () => {
  it('grant native code to all restricted scripts, or to those of a place', async () => {
    await using terminal = new Terminal()
    terminal.write('jobs/a.py', '')
    terminal.write('cloaca.toml', 'restrict = true\nallow-ffi = true\n[restrict-for.jobs]\nffi = false\n')

    const { restrict, restrictFor } = optionsOf(loadSettings({ folder: terminal.folder, environment: {} }))

    expect(restrict).toMatchObject({ ffi: true })
    expect(restrictFor).toEqual({ [`${terminal.folder}/jobs`]: { ffi: false } })
  })

  it.each([
    ['allow-ffi = true', '"allow-ffi" is set, but "restrict" is not'],
    ['restrict = true\n[restrict-for.jobs]\nffi = "yes"', '"restrict-for" must be'],
  ])('that grant it to nobody, or with another word, are refused: %j', async (toml, message) => {
    await using terminal = new Terminal()
    terminal.write('cloaca.toml', toml)

    expect(() => optionsOf(loadSettings({ folder: terminal.folder, environment: {} }))).toThrow(message)
  })
})
