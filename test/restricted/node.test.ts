/**
 * Operations that Node refuses in a restricted process, even if a script runs JavaScript there.
 * The process has the flags of an interpreter, and is sealed like one.
 */

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resolveGrants } from '../../src/host/restriction/granted.ts'
import { restrictedFlags, restrictionProblem } from '../../src/host/restriction/node-flags.ts'
import { Terminal } from '../support/cloaca-process.ts'

const CAN_RESTRICT = restrictionProblem() === null
const RESTRICTION = fileURLToPath(new URL('../../src/interpreter/restriction/', import.meta.url))

/** Program that seals its process, makes the attempts, and prints their results. */
const ATTEMPTS = `
const outside = process.argv[2]
const said = {}
const attempt = async (name, run) => {
  try { said[name] = 'reached: ' + String(await run()).slice(0, 60) }
  catch (error) { said[name] = 'refused: ' + (error.code ?? error.name) }
}
const event = (emitter, name) =>
  new Promise((resolve, reject) => emitter.once(name, () => resolve(name)).once('error', reject))
await import(process.argv[3] + 'binding-shim.ts')
const { sealProcess } = await import(process.argv[3] + 'sealed-process.ts')
const { freezeIntrinsics } = await import(process.argv[3] + 'frozen-intrinsics.ts')
const { FileGrants } = await import(process.argv[3] + 'file-grants.ts')
const { RestrictedSqlite } = await import(process.argv[3] + 'restricted-sqlite.ts')
const { loadSqlite } = await import(process.argv[3] + '../sqlite.ts')
const dlopen = process.dlopen.bind(process)
const { Worker } = await import('node:worker_threads')
const { classes } = new RestrictedSqlite(() => {}, new FileGrants({ read: [], write: [] }), () => {})
const database = new (loadSqlite())(':memory:')
const native = database[Object.getOwnPropertySymbols(database)[0]]
sealProcess()
freezeIntrinsics(classes)
const changed = (object, name) => Object.defineProperty(object, name, { get: () => 'changed', configurable: true })
await attempt('Object.prototype', () => changed(Object.prototype, 'path'))
await attempt('Array.prototype', () => changed(Array.prototype, 'push'))
await attempt('item of all arrays', () => changed(Array.prototype, 0))
await attempt('Promise.prototype', () => changed(Promise.prototype, 'then'))
await attempt('iterators', () => changed(Object.getPrototypeOf([][Symbol.iterator]()), 'next'))
await attempt('functions', () => { 'use strict'; (async () => {}).constructor.prototype.call = 1 })
await attempt('JSON', () => { globalThis.JSON = { parse: () => 1 } })
await attempt('JSON.parse', () => changed(JSON, 'parse'))
await attempt('Buffer', async () => changed(Buffer.prototype, 'toString'))
await attempt('sockets', async () => changed((await import('node:net')).Socket.prototype, 'connect'))
await attempt('events', async () => changed((await import('node:events')).prototype, 'emit'))
await attempt('databases', () => changed(Object.getPrototypeOf(database), 'prepare'))
await attempt('statements', () => changed(Object.getPrototypeOf(database.prepare('SELECT 1')), 'run'))
await attempt('native databases', () => changed(Object.getPrototypeOf(native), 'prepare'))
await attempt('extension', () => database.loadExtension(outside + '/library.node'))
await attempt('native extension', () => native.loadExtension(outside + '/library.node'))
await attempt('attached file', () => database.exec("ATTACH '" + outside + "/made.db' AS o"))
await attempt('own properties of what inherits', () => {
  const error = new (class extends Error { constructor() { super('x'); this.name = 'Own'; this.message = 'own' } })()
  const object = {}
  object.toString = () => 'text'
  object.constructor = 1
  return [error.name, error.message, String(object), object.constructor].join()
})
await attempt('fs', async () => (await import('node:fs')).readFileSync(outside + '/secret.txt', 'utf8'))
await attempt('fs of this process', async () => (await import('node:fs')).readFileSync('/proc/self/environ', 'utf8'))
await attempt('folder', async () => (await import('node:fs')).readdirSync('/'))
await attempt('write', async () => (await import('node:fs')).writeFileSync(outside + '/made', ''))
await attempt('symbolic link', async () => (await import('node:fs')).symlinkSync(outside, process.argv[4] + '/link'))
await attempt('child', async () => (await import('node:child_process')).execFileSync('/bin/echo', ['x']))
await attempt('worker', () => new Worker('1', { eval: true }))
await attempt('dlopen that was kept', () => dlopen({ exports: {} }, outside + '/library.node'))
await attempt('dlopen', () => process.dlopen({ exports: {} }, outside + '/library.node'))
await attempt('require of an addon', async () =>
  (await import('node:module')).createRequire(outside + '/x.js')('./library.node'))
await attempt('binding', () => process.binding('spawn_sync'))
await attempt('builtin', () => process.getBuiltinModule('node:fs'))
await attempt('Function', () => Function('return 1')())
await attempt('eval', () => (0, eval)('1'))
await attempt('constructor', () => [].constructor.constructor('return process')())
await attempt('tcp', async () => event((await import('node:net')).connect(1, '127.0.0.1'), 'connect'))
await attempt('listening', async () => event((await import('node:net')).createServer().listen(0), 'listening'))
await attempt('unix', async () => event((await import('node:net')).connect(outside + '/x.sock'), 'connect'))
await attempt('udp', async () => event((await import('node:dgram')).createSocket('udp4').bind(0), 'listening'))
await attempt('dns', async () => (await import('node:dns/promises')).lookup('localhost'))
await attempt('fetch', () => fetch('http://127.0.0.1:1'))
await attempt('WebSocket', () => new WebSocket('ws://127.0.0.1:1'))
await attempt('inspector', async () => (await import('node:inspector')).open(0))
await attempt('wasi', async () => new (await import('node:wasi')).WASI({ version: 'preview1', preopens: { '/': '/' } }))
await attempt('another program', () => process.execve('/bin/echo', ['echo'], {}))
await attempt('another user', () => process.setuid(65534))
await attempt('a report', () => process.report.writeReport(outside + '/made'))
await attempt('own file', async () => (await import('node:fs')).readFileSync(process.argv[1], 'utf8').length > 0)
console.log(JSON.stringify(said))
process.exit()
`

let folder: string
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'cloaca-node-')))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.skipIf(!CAN_RESTRICT)('JavaScript in a restricted process', () => {
  let said: Readonly<Record<string, string>>

  beforeAll(() => {
    const [own, outside] = [join(folder, 'own'), join(folder, 'outside')]
    for (const each of [own, outside]) mkdirSync(each)
    writeFileSync(join(outside, 'secret.txt'), 'a secret')
    writeFileSync(join(outside, 'library.node'), '')
    writeFileSync(join(own, 'attempts.mjs'), ATTEMPTS)
    const flags = restrictedFlags(resolveGrants({ write: [own] }, []), [])
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [...flags, join(own, 'attempts.mjs'), outside, RESTRICTION, own],
      { encoding: 'utf8', env: {} },
    )
    expect(stderr).toBe('')
    said = JSON.parse(stdout)
  })

  it('can reach its own files, and nothing else', { tags: ['proof'] }, () => {
    const { 'own file': own, 'own properties of what inherits': properties, ...others } = said

    expect(own).toBe('reached: true')
    expect(properties).toBe('reached: Own,own,text,1')
    expect(Object.entries(others).filter(([, answer]) => !answer.startsWith('refused: '))).toEqual([])
    expect(Object.keys(others)).toHaveLength(44)
  })

  it.each([
    ['fs', 'ERR_ACCESS_DENIED'],
    ['child', 'ERR_ACCESS_DENIED'],
    ['worker', 'ERR_ACCESS_DENIED'],
    ['tcp', 'ERR_ACCESS_DENIED'],
    ['udp', 'ERR_ACCESS_DENIED'],
    ['dns', 'ERR_ACCESS_DENIED'],
    ['dlopen that was kept', 'ERR_ACCESS_DENIED'],
    ['dlopen', 'TypeError'],
    ['constructor', 'EvalError'],
  ])('is refused "%s" with %s, the error of the intended protection', (name, code) => {
    expect(said[name]).toBe(`refused: ${code}`)
  })
})

describe('the Node flags for granted folders', () => {
  const granted = (...names: readonly string[]) => {
    const paths = names.map((name) => join(folder, name))
    for (const path of paths) mkdirSync(path, { recursive: true })
    return restrictedFlags(resolveGrants({ read: paths }, []), []).filter((flag) => flag.includes(`${folder}/`))
  }

  it('omit folders inside a granted folder', () => {
    expect(granted('logs/old', 'logs')).toEqual([`--allow-fs-read=${folder}/logs`])
  })

  it('use a wildcard for a folder whose name starts another one, because Node would refuse both', () => {
    expect(granted('data2', 'data')).toEqual([`--allow-fs-read=${folder}/data*`])
  })

  it('let a Node process list the granted folders', () => {
    const flags = granted('logs/old', 'logs', 'data', 'data2')
    const paths = JSON.stringify(['logs', 'data', 'data2'].map((name) => join(folder, name)))
    const lists = `console.log(${paths}.map((path) => require('fs').readdirSync(path)))`
    const { stdout, stderr } = spawnSync(process.execPath, ['--permission', ...flags, '-e', lists], {
      encoding: 'utf8',
      env: {},
    })
    expect({ stdout, stderr }).toEqual({ stdout: "[ [ 'old' ], [], [] ]\n", stderr: '' })
  })
})

describe.skipIf(!CAN_RESTRICT)('a restricted interpreter', () => {
  it('hides JavaScript objects also if it starts without a memory snapshot', async () => {
    await using terminal = new Terminal()
    terminal.write('looks.py', 'from pyodide.ffi import to_js\nprint(hasattr(to_js([1]), "constructor"))\n')

    const run = await terminal.run(['run', '--restrict', '--allow-read', '/etc', 'looks.py'], {
      env: { CLOACA_CACHE_DIR: '/dev/null/none' },
    })

    expect(run).toMatchObject({ exitCode: 0, stdout: 'False\n' })
    expect(run.stderr).toContain('no memory snapshot could be made')
  })
})
