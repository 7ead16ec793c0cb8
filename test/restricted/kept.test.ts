/**
 * Protection of files that the next start loads or runs.
 * A restricted script cannot change them in a folder that it can write to, unless they are granted by name.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isKeptFile } from '../../src/border/kept-files.ts'
import { restrictionProblem } from '../../src/host/restriction/node-flags.ts'
import { Runner } from '../../src/index.ts'
import { Terminal } from '../support/cloaca-process.ts'

/** Script that tries to write to each file in its arguments. */
const WRITES = `
import os, sys
def came(path):
    try:
        with open(path, "a") as file:
            file.write("# changed")
        return "written"
    except OSError as error:
        return type(error).__name__
if __name__ == "__main__":
    import helper
    print([came(path) for path in sys.argv[1:]])
`

describe.skipIf(restrictionProblem() !== null)('a script with write access to the current folder', () => {
  it('can write ordinary files, but no files that the next start loads', { tags: ['proof'] }, async () => {
    await using terminal = new Terminal()
    for (const name of ['program', 'job.py', 'helper.py', 'lib/part.py', 'lib/data.csv']) {
      terminal.write(name, name === 'job.py' || name === 'program' ? WRITES : '')
    }
    const kept = [
      'job.py',
      'helper.py',
      'lib/part.py',
      'new.py',
      'lib/new.pyc',
      'json.so',
      'cloaca.toml',
      'package.json',
    ]
    const free = ['lib/data.csv', 'new.txt', 'lib/report.js', 'package.txt', 'cloaca.toml.bak']
    const flags = ['run', '--restrict', '--allow-write', '.']

    const ended = await terminal.run([...flags, 'job.py', ...kept, ...free])
    const unnamed = await terminal.run([...flags, 'program', 'program'])

    const answers = [...kept.map(() => 'PermissionError'), ...free.map(() => 'written')]
    expect(ended.stdout).toBe(`[${answers.map((answer) => `'${answer}'`).join(', ')}]\n`)
    expect(ended.stderr).toContain(
      `A restricted script may not write "${join(terminal.folder, 'job.py')}", ` +
        'because the next start loads this file. ' +
        `To allow it: --allow-write "${join(terminal.folder, 'job.py')}"`,
    )
    expect(unnamed.stdout).toBe("['PermissionError']\n")
  })

  it('can write files that are granted by name', async () => {
    await using terminal = new Terminal()
    const names = ['cloaca.toml', 'package.json', 'helper.py', '.cloaca/packages/six.py']
    for (const name of names) terminal.write(name, name === 'package.json' ? '{}' : '')
    terminal.write('job.py', WRITES)
    const grants = ['cloaca.toml', 'package.json', 'helper.py', '.cloaca'].flatMap((name) => ['--allow-write', name])

    const ended = await terminal.run(['run', '--restrict', '--allow-write', '.', ...grants, 'job.py', ...names])

    expect(ended.stdout).toBe("['written', 'written', 'written', 'written']\n")
  })

  it('cannot change scripts that the same engine loads without restrictions', { tags: ['proof'] }, async () => {
    await using terminal = new Terminal()
    const [flow, free] = [
      terminal.write('open/flow.mjs', 'export const nothing = 1\n'),
      terminal.write('open/free.py', 'import cloaca\n'),
    ]
    const helper = terminal.write('open/lib/helper.mjs', '')
    terminal.write(
      'held/job.py',
      `import cloaca\n${WRITES}\nwith cloaca.WorkflowBuilder("job"):\n    @cloaca.task()\n    def write(context):\n` +
        '        context["came"] = [came(path) for path in context["paths"]]\n        return context\n',
    )
    const restrictFor = { [join(terminal.folder, 'held')]: { write: [terminal.folder] } }
    await using runner = await Runner.open({ database: ':memory:', restrictFor })
    await runner.loadAll([join(terminal.folder, 'open'), join(terminal.folder, 'held')])

    const paths = [flow, helper, free, join(terminal.folder, 'open/added.py'), join(terminal.folder, 'open/data.csv')]
    const { context } = await runner.execute('job', { paths })

    expect(context.came).toEqual([...Array(4).fill('PermissionError'), 'written'])
    expect(readFileSync(flow, 'utf8')).toBe('export const nothing = 1\n')
  })
})

describe('the protection of paths', () => {
  const granted = (...paths: readonly string[]) =>
    paths.map((real) => ({ named: real, real, isFolder: !/\.\w+$/.test(real) }))
  const kept = { whole: ['/p/venv', '/p/flow.ts'], modules: ['/p/jobs'], scriptModules: ['/p/flows'] }

  it.each([
    ['/p/cloaca.toml', ['/p'], true],
    ['/p/a/b/Cloaca.toml', ['/p'], true],
    ['/p/cloaca.toml', ['/p', '/p/cloaca.toml'], false],
    ['/p/cloaca.toml/a', ['/p'], false],
    ['/p/.cloaca', ['/p'], true],
    ['/p/.cloaca/a/b', ['/p'], true],
    ['/p/.cloaca/a/b', ['/p/.cloaca'], false],
    ['/p/node_modules/a', ['/p'], true],
    ['/x/node_modules/p/a.txt', ['/x/node_modules/p'], false],
    ['/p/venv/lib/a.txt', ['/p'], true],
    ['/p/venv/lib/a.txt', ['/p/venv/lib'], false],
    ['/p/venv-old/a.txt', ['/p'], false],
    ['/p/flow.ts', ['/p'], true],
    ['/p/other.ts', ['/p'], false],
    ['/p/jobs/a.py', ['/p'], true],
    ['/p/flows/lib/a.mts', ['/p'], true],
    ['/p/flows/a.csv', ['/p'], false],
    ['/p/jobs/report.js', ['/p'], false],
    ['/p/jobs/out/a.py', ['/p/jobs/out'], true],
    ['/p/jobs/a.py', ['/p', '/p/jobs/a.py'], false],
    ['/p/jobs/.cloaca/packages/a.py', ['/p/jobs'], true],
    ['/p/jobs/.cloaca/packages/a.py', ['/p/jobs/.cloaca'], false],
    ['/p/jobs/a.txt', ['/p'], false],
    ['/p/other/a.py', ['/p'], false],
    ['/elsewhere/cloaca.toml', ['/p'], false],
  ])('%s is protected from a script that can write to %j: %s', (path, write, isItKept) => {
    expect(isKeptFile(path, granted(...write), kept)).toBe(isItKept)
  })
})
