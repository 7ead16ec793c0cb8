/** User id without an entry in /etc/passwd, as in many containers. */

import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { MAIN } from '../support/main-path.ts'
import { preloading } from '../support/preloads.ts'
import { TEST_CACHE } from '../support/test-cache.ts'

const CACHE_FOLDER = fileURLToPath(new URL('../../src/host/environment/cache-folder.ts', import.meta.url))

const UID = 54_321
/** Command that runs a process with this user id in a new namespace, with the permissions of the current user. */
const AS_UNKNOWN_USER = ['unshare', '--user', `--map-user=${UID}`, `--map-group=${UID}`] as const
const canBecomeUnknown = run([...AS_UNKNOWN_USER, 'id', '-u']).stdout === `${UID}\n`

const PROGRAM = `
import getpass, os, pathlib, pwd
print(os.getuid(), os.path.expanduser("~"))
for ask in (lambda: pwd.getpwuid(os.getuid()), os.getlogin, getpass.getuser, pathlib.Path.home):
    try:
        print(ask())
    except Exception as error:
        print(type(error).__name__, error)
`

function run([command = '', ...words]: readonly string[], environ: Readonly<Record<string, string>> = {}) {
  const { HOME: _, LOGNAME: __, USER: ___, ...others } = process.env
  const env = { ...others, CLOACA_CACHE_DIR: TEST_CACHE, ...environ }
  const { stdout, stderr, status } = spawnSync(command, words, { env, encoding: 'utf8' })
  return { stdout, stderr, status }
}

describe('a user id without an entry in /etc/passwd', () => {
  const preload = { NODE_OPTIONS: preloading('without-account') }

  it('can run a script', () => {
    const environ = { ...preload, USER: 'named' }

    expect(run([process.execPath, MAIN, 'run', '-c', 'import getpass; print(getpass.getuser())'], environ)).toEqual({
      stdout: 'named\n',
      stderr: '',
      status: 0,
    })
  })

  it('has its cache folder below HOME, or in the temporary folder if HOME is not set', () => {
    const print = `console.log((await import(${JSON.stringify(CACHE_FOLDER)})).cacheFolder({}))`
    const folderWith = (environ: Readonly<Record<string, string>>) =>
      run([process.execPath, '--input-type=module', '-e', print], { ...preload, ...environ }).stdout

    expect(folderWith({})).toBe(`${join(tmpdir(), `cache-${process.getuid?.() ?? 0}`, 'cloaca')}\n`)
    expect(folderWith({ HOME: '/somewhere' })).toBe('/somewhere/.cache/cloaca\n')
  })

  it.skipIf(!canBecomeUnknown)('raises the errors of CPython in a script that looks up the user', () => {
    const command = [...AS_UNKNOWN_USER, process.execPath, MAIN, 'run', '-c', PROGRAM]

    expect(run(command)).toEqual({
      stdout: `${UID} ~
KeyError 'getpwuid(): uid not found: ${UID}'
OSError [Errno 60] No such device or address
OSError No username set in the environment
RuntimeError Could not determine home directory.
`,
      stderr: '',
      status: 0,
    })
  })
})
