/** Files that a script shares with other processes. */

import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockFile, lockRecord, testRecordLock } from '../../src/native/file-locks.ts'
import { runScript } from '../support/run-script.ts'

/** Operations of flock(2). */
const EXCLUSIVE = 2
const UNLOCK = 8

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-others-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a script sees changes of another process immediately, and a file that it replaces is never missing', async () => {
  const at = (name: string) => join(folder, name)
  const versions: string[] = []
  let isWatching = false
  const watch = () => {
    if (!isWatching) return
    versions.push(readFileSync(at('target'), 'utf8'))
    setImmediate(watch)
  }
  const turns: Readonly<Record<string, () => void>> = {
    'make a lock': () => writeFileSync(at('lock'), ''),
    'remove the lock': () => rmSync(at('lock')),
    'make thing a folder': () => {
      rmSync(at('thing'))
      mkdirSync(at('thing/inside'), { recursive: true })
    },
    'remove thing': () => rmSync(at('thing'), { recursive: true }),
    'rotate the log': () => {
      renameSync(at('log'), at('log.1'))
      writeFileSync(at('log'), 'new')
    },
    'watch target': () => {
      writeFileSync(at('target'), 'version')
      isWatching = true
      setImmediate(watch)
    },
    watched: () => {
      isWatching = false
    },
  }

  const run = await runScript('files_of_others.py', {
    cwd: folder,
    onLine(line) {
      const turn = turns[line]
      turn?.()
      return turn === undefined ? '' : '\n'
    },
  }).finally(() => {
    isWatching = false
  })

  expect(run.stderr).toBe('')
  expect(run.stdout.split('\n').filter((line) => turns[line] === undefined)).toEqual([
    'lock False',
    'lock True',
    "folder True ['inside']",
    'gone False None',
    'rotated True new',
    'moved version 199',
    '',
  ])
  expect(versions.length).toBeGreaterThan(1)
  expect(versions.filter((version) => !version.startsWith('version'))).toEqual([])
})

test('file locks of the script exclude other processes, and their locks exclude the script', async () => {
  const path = join(folder, 'shared')
  writeFileSync(path, '0123456789')
  const file = openSync(path, 'r+')
  const seen: unknown[] = []
  const turns: Readonly<Record<string, () => void>> = {
    'lock all of it': () => seen.push(lockFile(file, EXCLUSIVE)),
    'lock bytes 2 to 5': () => seen.push(lockRecord(file, 'exclusive', { start: 2, length: 4 })),
    'unlock everything': () => seen.push(lockFile(file, UNLOCK), lockRecord(file, 'none', { start: 0, length: 0 })),
    'look who locks': () => {
      seen.push(lockFile(file, EXCLUSIVE), testRecordLock(file, 'shared', { start: 0, length: 0 }))
    },
  }

  const run = await runScript('locks_of_others.py', {
    cwd: folder,
    onLine(line) {
      turns[line]?.()
      return turns[line] === undefined ? '' : '\n'
    },
  })
  closeSync(file)

  expect(run.stderr).toBe('')
  expect(run.stdout.split('\n').filter((line) => turns[line] === undefined)).toEqual([
    'flock refused',
    'lockf 0 to 9 refused',
    'lockf 6 to 9 taken',
    'tested',
    '',
  ])
  const obstacle = { lock: 'exclusive', start: 0, length: 10, holder: expect.any(Number) }
  expect(seen).toEqual(['', '', '', '', 'EAGAIN', obstacle])
})
