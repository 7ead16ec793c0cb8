/**
 * Places in `restrict-for`: they restrict their scripts under each name that a command accepts for a script.
 * A place without scripts prevents the start.
 */

import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LoadTarget, ProgramTarget } from '../../src/border/protocol.ts'
import { restrictionProblem } from '../../src/host/restriction/node-flags.ts'
import { ScriptRestrictions } from '../../src/host/restriction/script-restrictions.ts'
import { Terminal } from '../support/cloaca-process.ts'

/** Files of a package that can run as a program, and other files. */
const FILES = [
  'jobs/__init__.py',
  'jobs/__main__.py',
  'jobs/bill.py',
  'jobs/other.py',
  'plain/tool.py',
  'alone.py',
  'installed/far.py',
]

describe('a place in restrict-for', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cloaca-places-')))

  beforeAll(() => {
    for (const each of ['jobs', 'plain', 'installed']) mkdirSync(join(folder, each))
    for (const each of FILES) writeFileSync(join(folder, each), '')
    symlinkSync(join(folder, 'jobs'), join(folder, 'linked'))
    symlinkSync(join(folder, 'jobs/bill.py'), join(folder, 'alias.py'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const restrictionsFor = (place: string) => {
    const searched = { cwd: folder, pythonPath: [], sitePackages: [join(folder, 'installed')] }
    const given = place.includes('/') || place.endsWith('.py') ? join(folder, place) : place
    return new ScriptRestrictions({ all: null, byPlace: { [given]: {} } }, searched)
  }
  const file = (path: string) => ({ kind: 'file' as const, path: join(folder, path) })
  const module = (name: string) => ({ kind: 'module' as const, name })

  /** Names of one file as places and as scripts. Each place must restrict each script. */
  const BILL_PLACES = [
    'jobs/bill.py',
    'alias.py',
    'linked/bill.py',
    'jobs/',
    'linked/',
    'jobs',
    'jobs.bill',
    './jobs/../jobs/bill.py',
  ]
  const BILL_SCRIPTS = [
    file('jobs/bill.py'),
    file('alias.py'),
    file('linked/bill.py'),
    file('jobs/../jobs/bill.py'),
    module('jobs.bill'),
    module('linked.bill'),
  ]

  it.each(BILL_PLACES.flatMap((place) => BILL_SCRIPTS.map((script) => [place, script] as const)))(
    '%s restricts %j, loaded or run as a program',
    (place, script) => {
      const restrictions = restrictionsFor(place)

      expect(restrictions.of(script)).not.toBeNull()
      expect(restrictions.ofProgram(asProgram(script))).not.toBeNull()
    },
  )

  it.each<readonly [string, LoadTarget]>([
    ['jobs/bill.py', file('jobs/other.py')],
    ['jobs/bill.py', module('jobs.other')],
    ['jobs.bill', file('jobs/other.py')],
    ['jobs.bill', module('jobs')],
    ['jobs/', file('alone.py')],
    ['jobs', module('alone')],
    ['plain/', module('jobs.bill')],
  ])('%s does not restrict %j', (place, script) => {
    expect(restrictionsFor(place).of(script)).toBeNull()
  })

  it.each<readonly [string, ProgramTarget | { kind: 'running' }]>([
    ['jobs/__main__.py', { kind: 'file', path: 'jobs', argv: [] }],
    ['jobs/__main__.py', { kind: 'module', name: 'jobs', argv: [] }],
    ['jobs/__init__.py', { kind: 'module', name: 'jobs', argv: [] }],
    ['alone.py', { kind: 'file', path: 'alone.py', argv: [] }],
    ['installed/far.py', { kind: 'module', name: 'far', argv: [] }],
  ])('%s restricts the program %j', (place, program) => {
    expect(restrictionsFor(place).ofProgram(program)).not.toBeNull()
  })

  it('rejects a module whose file cannot be found', () => {
    expect(() => restrictionsFor('jobs').of(module('nowhere.found'))).toThrow(
      'The file of module "nowhere.found" was not found',
    )
  })

  it('is rejected if it does not exist, or contains none of the loaded scripts', () => {
    expect(() => restrictionsFor('jobs.bil').requirePlaces()).toThrow(
      'restrict-for "jobs.bil" is not a file, folder or module',
    )
    expect(() => restrictionsFor('jobs.bill').requirePlaces()).not.toThrow()
    expect(() => restrictionsFor('plain/').requireMatches([file('jobs/bill.py')])).toThrow(
      'matches none of the loaded scripts',
    )
    expect(() => restrictionsFor('jobs').requireMatches([file('alias.py')])).not.toThrow()
  })
})

function asProgram(script: LoadTarget): ProgramTarget {
  return { ...script, argv: [] }
}

/** Script that prints whether it can read a file, and whose trigger returns the same. */
const SCRIPT = `
import cloaca
def came():
    try:
        return open("/etc/hosts").read() and "read"
    except PermissionError:
        return "refused"
if came() == "read":
    raise SystemExit("it is not restricted")
if __name__ == "__main__":
    print(came())
@cloaca.trigger("none")
def inbox():
    return cloaca.TriggerResult.skip(came())
`

describe.skipIf(restrictionProblem() !== null)('a command', () => {
  it.each([
    ['run', 'jobs/bill.py'],
    ['run', 'alias.py'],
    ['run', '-m', 'jobs.bill'],
    ['check', 'jobs'],
    ['check', 'jobs.bill'],
    ['trigger', 'test', 'alias.py', 'inbox'],
    ['trigger', 'test', 'jobs.bill', 'inbox'],
  ])('restricts a script that restrict-for names: cloaca %s %s', { tags: ['proof'] }, async (...words) => {
    await using terminal = new Terminal()
    terminal.write('jobs/bill.py', SCRIPT)
    terminal.write('cloaca.toml', '[restrict-for."jobs/bill.py"]\nnet = []\n')
    symlinkSync(join(terminal.folder, 'jobs/bill.py'), join(terminal.folder, 'alias.py'))

    const { exitCode, stdout, stderr } = await terminal.run(words)

    expect(stdout + stderr).not.toContain('it is not restricted')
    if (words[0] === 'check') expect(stdout).toContain('inbox')
    else expect({ exitCode, stdout: /refused/.exec(stdout)?.[0] }).toEqual({ exitCode: 0, stdout: 'refused' })
  })

  it.each([
    [['run', 'jobs/bill.py'], 'jobs/bil.py', 'restrict-for "jobs/bil.py" is not a file, folder or module'],
    [['check', 'jobs/bill.py'], 'jobs/bil.py', 'File or folder "jobs/bil.py" not found'],
    [['check', 'jobs/bill.py'], 'other', 'matches none of the loaded scripts'],
    [['serve', 'jobs/bill.py', '--db', ':memory:', '--no-http'], 'other', 'matches none of the loaded scripts'],
    [
      ['run', '--python', 'python3', 'jobs/bill.py'],
      'jobs',
      '--restrict and --python "python3" cannot be used together',
    ],
  ])('fails if a place in restrict-for cannot be restricted: %j, place %s', async (words, place, message) => {
    await using terminal = new Terminal()
    terminal.write('jobs/bill.py', 'import cloaca\n@cloaca.trigger("none")\ndef inbox(): pass\n')
    terminal.write('other/a.py', '')
    terminal.write('cloaca.toml', `[restrict-for."${place}"]\nnet = []\n`)

    const { exitCode, stderr } = await terminal.run(words)

    expect(exitCode).not.toBe(0)
    expect(stderr).toContain(message)
  })
})
