/** What a script of a restricted process tries is refused, attempt by attempt; what is granted goes on as ever. One process for all. */

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { restrictionProblem } from '../../src/host/restriction/node-flags.ts'
import { Runner } from '../../src/index.ts'

const SCRIPT = fileURLToPath(new URL('./scripts/escapes.py', import.meta.url))

let folder: string
let outside: string
let writable: string
let runner: Runner
let came: Readonly<Record<string, string>>
let used: Readonly<Record<string, unknown>>
let attempts: readonly (readonly [attempt: string, answer: string])[] = []
const said: string[] = []

/** In the folder that is granted, to what is not. */
const LINKS = {
  'link.txt': 'secret.txt',
  'moved.txt': 'secret.txt',
  'dangling.txt': 'made',
  'link.db': 'other.db',
  'swapped-link.db': 'other.db',
  'logged.db-shm': 'made',
  folder: '.',
}

/** An exception that says so: no mistake of the attempt itself, such as a NameError. */
const REFUSED =
  /^refused: (PermissionError|OSError|FileNotFoundError|URLError|gaierror|herror|OperationalError|DatabaseError|RuntimeError|AttributeError|KeyError|ImportError|ModuleNotFoundError|JsException): /

describe.skipIf(restrictionProblem() !== null)('a script of a restricted process', () => {
  beforeAll(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'cloaca-restricted-')))
    outside = join(folder, 'outside')
    writable = join(folder, 'writable')
    for (const each of [outside, writable]) mkdirSync(each)
    writeFileSync(join(outside, 'secret.txt'), 'a secret')
    writeFileSync(join(outside, 'library.so'), 'no library')
    new Database(join(outside, 'other.db')).exec("CREATE TABLE t (x); INSERT INTO t VALUES ('a secret')").close()
    for (const name of ['own.db', 'swapped.db']) {
      new Database(join(writable, name)).exec('CREATE TABLE t (x)').close()
    }
    for (const [name, target] of Object.entries(LINKS)) symlinkSync(join(outside, target), join(writable, name))
    const server = createServer().listen(join(writable, 'engine.sock'))
    runner = await Runner.open({
      database: ':memory:',
      restrict: { write: [writable] },
      log: ({ message }) => said.push(message),
    })
    await runner.load(SCRIPT)
    came = (await runner.execute('escapes', { outside, writable })).context.came as typeof came
    used = (await runner.execute('uses', { outside, writable })).context.used as typeof used
    attempts = Object.entries(came)
    server.close()
  })

  afterAll(async () => {
    await runner.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Each kind of attempt, with how many there are. */
  it.each([
    ['javascript', 28],
    ['programs', 16],
    ['files', 35],
    ['databases', 33],
    ['network', 18],
  ])('gets out by none of its ways: %s', (kind, count) => {
    const tried = attempts.filter(([attempt]) => attempt.startsWith(`${kind}: `))

    expect(tried.filter(([, answer]) => !REFUSED.test(answer))).toEqual([])
    expect(tried).toHaveLength(count)
  })

  it('has changed nothing of what it was not granted', () => {
    expect(readdirSync(outside).sort()).toEqual(['library.so', 'other.db', 'secret.txt'])
    expect(readFileSync(join(outside, 'secret.txt'), 'utf8')).toBe('a secret')
    expect(existsSync(join(fileURLToPath(new URL('./scripts', import.meta.url)), 'made'))).toBe(false)
    expect(JSON.stringify(came)).not.toContain('a secret')
  })

  it('does what it was granted, and what stays within its process, as ever', () => {
    expect(used).toEqual({
      'own file': true,
      renamed: 'written',
      listing: true,
      scratch: 'kept in memory',
      rows: [["ATTACH 'x' AS y"]],
      pair: 'pair',
      thread: 'thread',
      loop: 'loop',
      environment: {},
      'signal to itself': null,
    })
  })

  it('makes the log say what it was refused, and what grants it, once and not without end', () => {
    const refusals = said.filter((line) => line.startsWith('A restricted script may not '))

    expect(refusals).toContain(
      `A restricted script may not read "${join(outside, 'secret.txt')}": that takes --allow-read "${outside}".`,
    )
    expect(refusals).toContain(
      'A restricted script may not use 127.0.0.1:1 on the network: that takes --allow-net "127.0.0.1:1".',
    )
    expect(new Set(refusals).size).toBe(refusals.length)
    expect(refusals).toHaveLength(20)
    expect(said).toContain('Restricted scripts were refused more than is told here.')
  })
})
