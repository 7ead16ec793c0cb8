/** `--allow-ffi`, which restricted scripts need for `ctypes` and for native modules that they could have written. */

import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { restrictionProblem } from '../../src/host/restriction/node-flags.ts'
import { runnerOptionsFromSettings } from '../../src/runner/start/setting-options.ts'
import { loadSettings } from '../../src/settings/settings.ts'
import { Terminal } from '../support/cloaca-process.ts'

const CALLS_C = `
import ctypes
print(ctypes.CDLL(None).abs(-3))
`

/** Script with the imports of packages that need `ctypes`, and of packages that can work without it. */
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

/** Script that loads empty WebAssembly modules. Python reports a missing export for each loaded module. */
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
  it('can call a C function with ctypes', async () => {
    await using terminal = new Terminal()
    terminal.write('program.py', CALLS_C)

    expect(await terminal.run(['run', 'program.py'])).toMatchObject({ exitCode: 0, stdout: '3\n' })
  })
})

describe.skipIf(restrictionProblem() !== null)('a restricted script', () => {
  it('can import ctypes only with --allow-ffi', { tags: ['proof'] }, async () => {
    await using terminal = new Terminal()
    terminal.write('program.py', CALLS_C)

    const refused = await terminal.run(['run', '--restrict', 'program.py'])
    const granted = await terminal.run(['run', '--restrict', '--allow-ffi', 'program.py'])

    expect(refused).toMatchObject({ exitCode: 1, stdout: '' })
    expect(refused.stderr).toContain('"ctypes" needs --allow-ffi because this script is restricted')
    expect(granted).toMatchObject({ exitCode: 0, stdout: '3\n' })
  })

  it('can import packages that work without ctypes, and pandas, which rarely uses ctypes', async () => {
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

  it('can load native modules in folders that it can write to only with --allow-ffi', { tags: ['proof'] }, async () => {
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

    const { restrict, restrictFor } = runnerOptionsFromSettings(
      loadSettings({ folder: terminal.folder, environment: {} }),
    )

    expect(restrict).toMatchObject({ ffi: true })
    expect(restrictFor).toEqual({ [`${terminal.folder}/jobs`]: { ffi: false } })
  })

  it.each([
    ['allow-ffi = true', '"allow-ffi" is set, but "restrict" is not'],
    ['restrict = true\n[restrict-for.jobs]\nffi = "yes"', '"restrict-for" must be'],
  ])('are rejected if their grant of native code is invalid: %j', async (toml, message) => {
    await using terminal = new Terminal()
    terminal.write('cloaca.toml', toml)

    expect(() => runnerOptionsFromSettings(loadSettings({ folder: terminal.folder, environment: {} }))).toThrow(message)
  })
})
