/**
 * Kernel limits of a restricted process, which apply even if a script runs native code there.
 * The tests apply the limits of an interpreter to a Node without flags.
 * Each attempt also runs without these limits, where it must succeed.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resolveGrants } from '../../src/host/restriction/granted.ts'
import { confinedFlags, kernelConfinement } from '../../src/host/restriction/kernel-limits.ts'
import { restrictionProblem } from '../../src/host/restriction/node-flags.ts'
import type { Restriction } from '../../src/host/restriction/restriction.ts'
import { confinementProblem, startConfined } from '../../src/native/restriction/confinement.ts'

import { Terminal } from '../support/cloaca-process.ts'
import { preloading } from '../support/preloads.ts'

const CONFINEMENT = fileURLToPath(new URL('../../src/native/restriction/confinement.ts', import.meta.url))

/** Program that makes the attempts and prints their results. It can write to `own`, but not to `outside`. */
const ATTEMPTS = `
import { execFileSync } from 'node:child_process'
import dgram from 'node:dgram'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import { Worker } from 'node:worker_threads'
const [outside, own, port, granted, confinement, forbids, network] = process.argv.slice(2)
const said = {}
const attempt = async (name, run) => {
  try { await run(); said[name] = 'reached' }
  catch (error) { said[name] = error.code ?? error.name }
}
const connected = async (...where) => {
  const socket = net.connect(...where)
  await once(socket, 'connect')
  socket.destroy()
}
if (forbids === 'true') {
  const { forbidSystemCalls } = await import(confinement)
  said.forbidden = forbidSystemCalls(network === 'true')
}
await attempt('read', () => fs.readFileSync(outside + '/secret.txt'))
await attempt('list', () => fs.readdirSync(outside))
await attempt('write', () => fs.writeFileSync(outside + '/made', ''))
await attempt('overwrite', () => fs.appendFileSync(outside + '/secret.txt', ''))
await attempt('truncate', () => fs.truncateSync(outside + '/other.txt'))
await attempt('remove', () => fs.rmSync(outside + '/removed.txt'))
await attempt('move out', () => { fs.writeFileSync(own + '/a', ''); fs.renameSync(own + '/a', outside + '/a') })
await attempt('move in', () => fs.renameSync(outside + '/moved.txt', own + '/b'))
await attempt('second name', () => fs.linkSync(outside + '/secret.txt', own + '/c'))
await attempt('by link', () => { fs.symlinkSync(outside, own + '/link'); fs.readFileSync(own + '/link/secret.txt') })
await attempt('memory of the parent', () => fs.openSync('/proc/' + process.ppid + '/mem'))
await attempt('environment of the parent', () => fs.readFileSync('/proc/' + process.ppid + '/environ'))
await attempt('signal', () => process.kill(process.ppid, 0))
await attempt('program', () => execFileSync('/bin/echo'))
await attempt('tcp', () => connected(Number(port), '127.0.0.1'))
await attempt('granted tcp', () => connected(Number(granted), '127.0.0.1'))
await attempt('listening', async () => {
  const server = net.createServer().listen(0)
  await once(server, 'listening')
  server.close()
})
await attempt('abstract socket', () => connected('\\0cloaca-' + port))
await attempt('udp', async () => {
  const socket = dgram.createSocket('udp4').bind(0)
  await once(socket, 'listening')
  socket.close()
})
await attempt('own file', () => {
  fs.writeFileSync(own + '/d', 'x')
  fs.renameSync(own + '/d', own + '/e')
  fs.rmSync(own + '/e')
})
await attempt('own folder', () => {
  fs.mkdirSync(own + '/f/g', { recursive: true })
  fs.rmSync(own + '/f', { recursive: true })
})
await attempt('thread', async () => once(new Worker('', { eval: true }), 'exit'))
await attempt('signal to itself', () => process.kill(process.pid, 0))
console.log(JSON.stringify(said))
process.exit()
`

let folder: string
let servers: readonly Server[]
let [port, granted] = [0, 0]

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'cloaca-kernel-')))
  writeFileSync(join(folder, 'attempts.mjs'), ATTEMPTS)
  const [other, ours] = await Promise.all([listen(0), listen(0)])
  ;[port, granted] = [portOf(other), portOf(ours)]
  servers = [other, ours, await listen(`\0cloaca-${port}`)]
})
afterAll(() => {
  for (const server of servers) server.close()
  rmSync(folder, { recursive: true, force: true })
})

function listen(place: number | string): Promise<Server> {
  const server = createServer((socket) => socket.destroy()).unref()
  return new Promise((resolve) => server.listen(place, () => resolve(server)))
}

function portOf(server: Server): number {
  return (server.address() as { readonly port: number }).port
}

/** Runs the attempts, without limits if `restriction` is null. `forbids` also forbids system calls. */
async function tried(name: string, restriction: Restriction | null, forbids = false): Promise<Record<string, string>> {
  const [outside, own] = [join(folder, name, 'outside'), join(folder, name, 'own')]
  for (const each of [outside, own]) mkdirSync(each, { recursive: true })
  for (const each of ['secret', 'other', 'removed', 'moved']) writeFileSync(join(outside, `${each}.txt`), 'a secret')
  const words = [outside, own, port, granted, CONFINEMENT, forbids, restriction?.net !== undefined]
  const script = join(folder, 'attempts.mjs')
  const start = (flags: readonly string[]) => (): ChildProcess =>
    spawn(process.execPath, [...flags, script, ...words.map(String)], { env: {}, stdio: ['ignore', 'pipe', 'inherit'] })
  const child =
    restriction === null
      ? start([])()
      : startConfined(
          kernelConfinement(resolveGrants({ ...restriction, write: [own] }, []), [script]),
          start(confinedFlags()),
        )
  return JSON.parse(child.stdout === null ? '' : await text(child.stdout)) as Record<string, string>
}

const FILES = {
  ...{ read: 'EACCES', list: 'EACCES', write: 'EACCES', overwrite: 'EACCES', truncate: 'EACCES', remove: 'EACCES' },
  ...{ 'move out': 'EACCES', 'move in': 'EACCES', 'second name': 'EXDEV', 'by link': 'EACCES' },
  ...{ 'memory of the parent': 'EACCES', 'environment of the parent': 'EACCES', signal: 'EPERM' },
}
const OWN = { 'own file': 'reached', 'own folder': 'reached', thread: 'reached', 'signal to itself': 'reached' }

describe.skipIf(confinementProblem() !== null)('the kernel', () => {
  it('allows every attempt to a process without restrictions', async () => {
    const answers = Object.values(await tried('unlimited', null))

    expect(new Set(answers)).toEqual(new Set(['reached']))
    expect(answers).toHaveLength(23)
  })

  it('refuses files, signals, programs and TCP to a restricted process', { tags: ['proof'] }, async () => {
    const answers = await tried('files', {})

    expect(answers).toMatchObject({ ...FILES, ...OWN })
    expect(answers).toMatchObject({ program: 'EACCES', tcp: 'EACCES', 'granted tcp': 'EACCES', listening: 'EACCES' })
    expect(answers['abstract socket']).toBe('EPERM')
  })

  it('lets a restricted process connect only to granted ports', { tags: ['proof'] }, async () => {
    const answers = await tried('ports', { net: [`127.0.0.1:${granted}`] })

    expect(answers).toMatchObject({ ...FILES, ...OWN, tcp: 'EACCES', 'granted tcp': 'reached', listening: 'EACCES' })
  })

  it('refuses programs and sockets if system calls are forbidden, and allows threads', {
    tags: ['proof'],
  }, async () => {
    const answers = await tried('calls', {}, true)

    expect(answers).toMatchObject({ ...FILES, ...OWN, forbidden: '', program: 'EPERM' })
    expect(answers).toMatchObject({ tcp: 'EACCES', udp: 'EACCES', listening: 'EACCES' })
  })

  it('allows sockets to a restricted process that is granted hosts', async () => {
    const answers = await tried('network', { net: ['*'] }, true)

    expect(answers).toMatchObject({ ...FILES, ...OWN, forbidden: '', program: 'EPERM', tcp: 'reached', udp: 'reached' })
  })
})

describe.skipIf(restrictionProblem() !== null)('without kernel limits', () => {
  it('a restricted script runs with the limits of Node, and the log reports the missing limits', async () => {
    await using terminal = new Terminal()
    terminal.write('program.py', "print('run')\nopen('/etc/hosts')\n")

    const ended = await terminal.run(['run', '--restrict', 'program.py'], {
      env: { NODE_OPTIONS: preloading('without-addon') },
    })

    expect(ended).toMatchObject({ exitCode: 1, stdout: 'run\n' })
    expect(ended.stderr).toMatch(
      new RegExp(
        "The kernel does not enforce the restrictions of scripts \\(cloaca's native addon is missing: .*\\)\\. " +
          'Only Node and cloaca enforce these restrictions\\.',
      ),
    )
    expect(ended.stderr).toContain('PermissionError')
  })
})
