/** Files, the process and its limits, which a script sees as in CPython. */

import { expect, test } from 'vitest'
import { differs, isLeftOut } from '../support/python-differences.ts'
import { runScript } from '../support/run-script.ts'
import { testedPythonCan } from '../support/test-python.ts'

test('files have the modes, umask, links, locks, times and errors of the host', async () => {
  const run = await runScript('files.py')

  expect(run.stderr).toBe('')
  expect(run.stdout.split('\n')).toEqual([
    'umask 0o640 0o750 0o27',
    'no umask 0o666 0o777 0o0',
    'private 0o600 0o700',
    'links 3 file text True',
    'missing FileNotFoundError ENOENT nothing',
    'folder IsADirectoryError EISDIR folder',
    'exists FileExistsError EEXIST folder',
    'exclusive FileExistsError EEXIST file',
    'not empty OSError ENOTEMPTY folder',
    'not a folder NotADirectoryError ENOTDIR file',
    'link FileNotFoundError ENOENT nothing',
    'locked',
    'shared',
    'synced TEXT',
    'deleted long',
    'times 1600000000.0 4',
    "left ['file', 'hard', 'harder', 'moved', 'open', 'soft', 'wide']",
    'devices True 8',
    '',
  ])
})

/** Time zone of Vienna: a rule instead of a name for a system CPython without a time zone database. */
const VIENNA = differs('zones', { pyodide: 'Europe/Vienna', cpython: 'CET-1CEST,M3.5.0,M10.5.0/3' })
const zones = testedPythonCan('import tzdata')

test.skipIf(!zones)('a script can read its process id, arguments, user, time zone and standard input', async () => {
  const run = await runScript('process.py', {
    args: ['one', '--two'],
    env: { TZ: VIENNA, LOGNAME: 'ada' },
    stdin: 'first\nsecond\nrest\u00e4',
  })

  expect(run.stderr).toBe('')
  expect(run.stdout.split('\n')).toEqual([
    'pid True True',
    "argv ['one', '--two'] 1 0 0",
    expect.stringMatching(/^user ada \w+ True$/),
    "zone ('CET', 'CEST') -3600 -7200 1 (1970, 1, 1, 1, 0, 0)",
    'summer 2024-07-01 12:00:00+02:00 CEST',
    'offline 2024-07-01 00:00:00+09:00',
    'slept True',
    "input 'first' 'second\\n' 'rest\u00e4'",
    'EOF when reading a line',
    'terminal OSError',
    '',
  ])
})

test.skipIf(!zones)('a time zone rule in TZ applies from the start of the script', async () => {
  const run = await runScript('process.py', { env: { TZ: 'IST-5:30', LOGNAME: 'ada' }, stdin: 'first\nsecond\nrest' })

  expect(run.stderr).toBe('')
  expect(run.stdout.split('\n')).toContain("zone ('IST', 'IST') -19800 -19800 0 (1970, 1, 1, 5, 30, 0)")
})

test.skipIf(isLeftOut('processes'))(
  'fork and process pools raise an error that explains the limit and suggests threads',
  async () => {
    const run = await runScript('no_processes.py')

    expect(run.stderr).toBe('')
    expect(run.stdout.split('\n')).toEqual([
      'fork True True',
      'Process True True',
      'Pool True True',
      'ProcessPoolExecutor True True',
      'ThreadPool [1, 2]',
      '',
    ])
  },
)
