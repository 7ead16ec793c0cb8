/** Choice of the Python into which a script is loaded. */

import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { LoadTarget } from '../../src/border/protocol.ts'
import {
  choiceLabel,
  PYODIDE_CHOICE,
  type PythonChoice,
  PythonChoices,
} from '../../src/host/environment/python-choice.ts'
import { Runner } from '../../src/runner/runner.ts'
import { runnerOptionsFromSettings } from '../../src/runner/start/setting-options.ts'
import { loadSettings } from '../../src/settings/settings.ts'
import { Terminal } from '../support/cloaca-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'cloaca-choices-'))
mkdirSync(join(folder, 'reports', 'daily'), { recursive: true })
for (const name of ['a.py', 'reports/b.py', 'reports/daily/c.py', 'reportsx.py']) writeFileSync(join(folder, name), '')
symlinkSync(join(folder, 'reports'), join(folder, 'linked'))

const cpython = (executable: string): PythonChoice => ({ kind: 'cpython', executable })
const file = (name: string): LoadTarget => ({ kind: 'file', path: join(folder, name) })

describe('the Python of a script', () => {
  const choices = new PythonChoices(
    PYODIDE_CHOICE,
    {
      [join(folder, 'reports')]: cpython('outer'),
      [`${join(folder, 'reports', 'daily')}/`]: cpython('inner'),
      pkg: cpython('of-module'),
      'pkg.part': PYODIDE_CHOICE,
    },
    { cwd: folder, pythonPath: [], sitePackages: [] },
  )

  it.each<readonly [LoadTarget, string]>([
    [file('a.py'), 'pyodide'],
    [file('reportsx.py'), 'pyodide'],
    [file('reports/b.py'), 'outer'],
    [file('linked/b.py'), 'outer'],
    [file('reports/daily/c.py'), 'inner'],
    [{ kind: 'module', name: 'pkg' }, 'of-module'],
    [{ kind: 'module', name: 'pkg.other' }, 'of-module'],
    [{ kind: 'module', name: 'pkg.part.deep' }, 'pyodide'],
    [{ kind: 'module', name: 'pkgs' }, 'pyodide'],
  ])('is chosen by the innermost matching place: %j', (target, label) => {
    expect(choiceLabel(choices.of(target))).toBe(label)
  })
})

describe('settings for the Python of scripts', () => {
  it('are read from a file, with paths relative to the file, and from environment variables', () => {
    const project = mkdtempSync(join(tmpdir(), 'cloaca-choices-'))
    mkdirSync(join(project, 'reports'))
    writeFileSync(
      join(project, 'cloaca.toml'),
      'python = "python3.12"\n[python-for]\n"reports/" = "env/bin/python"\n"some.module" = "pyodide"\n',
    )
    const optionsWith = (environment: Record<string, string>, flags = {}) =>
      runnerOptionsFromSettings(loadSettings({ folder: project, environment, flags }))

    expect(optionsWith({})).toMatchObject({
      python: { kind: 'cpython', executable: 'python3.12' },
      pythonFor: {
        [join(project, 'reports/')]: { kind: 'cpython', executable: join(project, 'env/bin/python') },
        'some.module': { kind: 'pyodide' },
      },
    })
    expect(optionsWith({ CLOACA_PYTHON: 'pyodide', CLOACA_PYTHON_FOR: 'a.py=./x/python, b=python3' })).toMatchObject({
      python: { kind: 'pyodide' },
      pythonFor: { 'a.py': cpython(join(process.cwd(), 'x/python')), b: cpython('python3') },
    })
  })

  it('are shown with their source, and a repeated flag adds another place', async () => {
    await using terminal = new Terminal()
    const words = ['config', '--python', 'python3', '--python-for', 'a=p1', '--python-for', 'b/=./p2', '--json']

    const { stdout } = await terminal.run(words)

    expect(JSON.parse(stdout)).toEqual(
      expect.arrayContaining([
        { key: 'python', value: 'python3', from: '--python' },
        { key: 'python-for', value: 'a=p1, b/=./p2', from: '--python-for' },
      ]),
    )
  })

  it('are rejected if they name a place that does not exist', async () => {
    await using terminal = new Terminal()
    terminal.write('a.py', '')

    const ended = await terminal.run(['serve', 'a.py', '--db', ':memory:', '--python-for', 'reprots/=python3'])

    expect(ended).toMatchObject({ exitCode: 1, stdout: '' })
    expect(JSON.parse(ended.stderr)).toMatchObject({ msg: 'File or folder "reprots/" not found. Check the path.' })
  })

  it('are rejected if they do not name a Python', async () => {
    const wrong = { kind: 'cpython' } as unknown as PythonChoice
    await expect(Runner.open({ database: ':memory:', python: wrong })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
    await expect(Runner.open({ database: ':memory:', pythonFor: { a: wrong } })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
    expect(() => loadSettings({ folder: '.', environment: { CLOACA_PYTHON_FOR: 'a' } })).toThrow('PLACE=PYTHON pairs')
  })
})
