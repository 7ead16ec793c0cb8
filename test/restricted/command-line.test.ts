/** `--restrict` and grants, in flags and in the settings of a project. */

import { describe, expect, it } from 'vitest'
import { restrictionProblem } from '../../src/host/restriction/node-flags.ts'
import { runnerOptionsFromSettings } from '../../src/runner/start/setting-options.ts'
import { loadSettings } from '../../src/settings/settings.ts'
import { Terminal } from '../support/cloaca-process.ts'

const TRIES = `
import os, sys
def came(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError as error:
        return type(error).__name__
print([came(path) for path in sys.argv[1:]], dict(os.environ))
`

describe.skipIf(restrictionProblem() !== null)('a restriction on the command line', () => {
  it('limits a program to its own folder and to the grants of repeated flags', { tags: ['proof'] }, async () => {
    await using terminal = new Terminal()
    terminal.write('own/program.py', TRIES)
    for (const name of ['own/a', 'one/b', 'two/c', 'three/d']) terminal.write(name, name)
    const flags = ['--restrict', '--allow-read', 'one', '--allow-read', 'two', '--allow-env', 'A', '--allow-env', 'B']

    const ended = await terminal.run(
      ['run', ...flags, 'own/program.py', 'own/a', 'one/b', 'two/c', 'three/d', '/etc/hosts'],
      { env: { A: '1', B: '2', C: '3' } },
    )

    expect(ended).toMatchObject({
      exitCode: 0,
      stdout: "['own/a', 'one/b', 'two/c', 'PermissionError', 'PermissionError'] {'A': '1', 'B': '2'}\n",
    })
    expect(ended.stderr).toContain('A restricted script may not read "/etc/hosts". To allow it: --allow-read "/etc"')
  })

  it('limits a trigger in "trigger test" to the grants of the project', async () => {
    await using terminal = new Terminal()
    terminal.write('cloaca.toml', 'restrict = true\n[restrict-for."jobs"]\nread = ["data"]\n')
    for (const name of ['data/a', 'other/b']) terminal.write(name, name)
    terminal.write(
      'jobs/inbox.py',
      `import cloaca
@cloaca.trigger("none")
def inbox():
    came = open("data/a").read()
    try:
        open("other/b")
    except PermissionError:
        return cloaca.TriggerResult.skip(f"{came}, and no more")
`,
    )

    const ended = await terminal.run(['trigger', 'test', 'jobs/inbox.py', 'inbox'])

    expect(ended).toMatchObject({ exitCode: 0, stdout: 'Trigger "inbox" skipped: data/a, and no more\n' })
  })

  it.each([
    [['--allow-read', '.'], '"allow-read" is set, but "restrict" is not'],
    [['--restrict', '--python', 'python3'], '--restrict and --python "python3" cannot be used together'],
    [['--restrict', '--allow-write', 'none'], 'none" cannot be granted: '],
    [['--restrict', '--allow-net', 'http://a'], '--allow-net "http://a" cannot be granted'],
  ])('with the invalid flags %j fails with one line, and runs nothing', async (flags, message) => {
    await using terminal = new Terminal()
    terminal.write('program.py', 'print("run")')

    const ended = await terminal.run(['run', ...flags, 'program.py'])

    expect(ended).toMatchObject({ exitCode: 1, stdout: '' })
    expect(ended.stderr).toContain(message)
    expect(ended.stderr.trimEnd().split('\n')).toHaveLength(1)
  })
})

describe('restriction options after the program', () => {
  const SHOWS = 'import sys\nprint(sys.argv[1:])\n'

  it.each([
    ['program.py', '--restrict'],
    ['program.py', 'a', '--allow-read', '/srv'],
    ['program.py', '--allow-write=/srv'],
    ['-m', 'program', '--allow-net', 'example.org'],
    ['-c', 'print()', '--allow-env', 'A'],
    ['-', '--allow-ffi'],
  ])('are rejected if none precedes it, and the message shows the right order: %s %s', async (...words) => {
    await using terminal = new Terminal()
    terminal.write('program.py', 'print("run")')

    const ended = await terminal.run(['run', ...words])

    expect(ended).toMatchObject({ exitCode: 2, stdout: '' })
    expect(ended.stderr).toMatch(/"--[a-z-]+.*" has no effect after the program\. Write: cloaca run --restrict /)
  })

  it.each([
    [['--', 'program.py', '--restrict'], "['--restrict']"],
    [['-u', '--', 'program.py', '--allow-read=a'], "['--allow-read=a']"],
    [['program.py', '--restricted', '--allow', '-x'], "['--restricted', '--allow', '-x']"],
  ])('are passed to the program after "--", or if cloaca has no such option: %j', async (words, argv) => {
    await using terminal = new Terminal()
    terminal.write('program.py', SHOWS)

    expect(await terminal.run(['run', ...words])).toMatchObject({ exitCode: 0, stdout: `${argv}\n` })
  })

  it.skipIf(restrictionProblem() !== null)('are passed to a program that is already restricted', async () => {
    await using terminal = new Terminal()
    terminal.write('program.py', SHOWS)

    const ended = await terminal.run(['run', '--restrict', 'program.py', '--restrict'])

    expect(ended).toMatchObject({ exitCode: 0, stdout: "['--restrict']\n" })
  })
})

describe('restriction settings', () => {
  it('contain grants for all scripts and for places, with paths relative to the file', async () => {
    await using terminal = new Terminal()
    terminal.write('jobs/a.py', '')
    terminal.write(
      'cloaca.toml',
      `restrict = true
allow-read = ["in"]
allow-net = ["example.org:443"]
[restrict-for.jobs]
write = ["out"]
net = []
[restrict-for."some.module"]
restrict = false
`,
    )

    const { restrict, restrictFor } = runnerOptionsFromSettings(
      loadSettings({ folder: terminal.folder, environment: {} }),
    )

    const { folder } = terminal
    expect(restrict).toEqual({ read: [`${folder}/in`], write: [], net: ['example.org:443'], env: [], ffi: false })
    expect(restrictFor).toEqual({ [`${folder}/jobs`]: { write: [`${folder}/out`], net: [] }, 'some.module': null })
  })

  it.each([
    ['[restrict-for.jobs]\nreads = ["a"]', 'restrict-for'],
    ['[restrict-for.jobs]\nread = "a"', 'restrict-for'],
    ['[restrict-for.jobs]\nrestrict = false\nread = ["a"]', 'restrict-for'],
    ['restrict-for = "jobs"', 'restrict-for'],
    ['allow-net = "example.org"', 'allow-net'],
  ])('are rejected if they are invalid: %j', async (toml, key) => {
    await using terminal = new Terminal()
    terminal.write('cloaca.toml', toml)

    expect(() => loadSettings({ folder: terminal.folder, environment: {} })).toThrow(`"${key}" must be`)
  })
})
