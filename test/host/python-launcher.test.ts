/** Launcher that scripts find as sys.executable, and its folder in the cache, which other users cannot change. */

import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { compileCacheFolder } from '../../src/host/environment/cache-folder.ts'
import { hiddenVariables, pythonLauncher } from '../../src/host/environment/python-launcher.ts'

let cache = ''
const notices: string[] = []
const notice = (message: string) => void notices.push(message)
const launcher = (environ: NodeJS.ProcessEnv = {}, memoryMebibytes = 512) =>
  pythonLauncher({ environ: { CLOACA_CACHE_DIR: cache, ...environ }, memoryMebibytes, packages: [] }, notice)

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'cloaca launcher-'))
  notices.length = 0
})
afterEach(() => rmSync(cache, { recursive: true, force: true }))

it('the launcher is created once for each combination of settings', () => {
  const path = launcher()

  expect(launcher()).toBe(path)
  expect(new Set([path, launcher({}, 256), launcher({ VIRTUAL_ENV: '/venv' })]).size).toBe(3)
  expect(readdirSync(join(cache, 'python'))).toHaveLength(3)
  expect(notices).toEqual([])
})

it('the launcher runs as a program, also in a folder with a space in its name', () => {
  expect(execFileSync(launcher(), ['-V'], { encoding: 'utf8' })).toMatch(/^Python 3\.\d+\.\d+\n$/)
})

it('the folder of the launcher is closed to other users, and created again if it was removed', () => {
  const folder = dirname(launcher())
  chmodSync(folder, 0o777)

  launcher()
  expect(statSync(folder).mode & 0o022).toBe(0)
  rmSync(folder, { recursive: true })
  expect(existsSync(launcher())).toBe(true)
})

it.runIf(process.getuid?.() === 0)('no launcher is written to a cache folder of another user', () => {
  chownSync(cache, 1_001, 1_001)

  expect(launcher()).toBe('')
  expect(compileCacheFolder({ CLOACA_CACHE_DIR: cache })).toBeNull()
  expect(readdirSync(cache)).toEqual([])
  expect(notices).toEqual([expect.stringContaining('another user owns the folder')])
})

it('the path of the launcher is empty, with a notice, if the cache folder cannot be created', () => {
  const path = launcher({ CLOACA_CACHE_DIR: '/dev/null/cache' })

  expect(path).toBe('')
  expect(notices).toEqual([
    expect.stringContaining('sys.executable is empty in scripts, because the Python launcher could not be written'),
  ])
})

it('the launcher hides from scripts the variables that it sets', () => {
  expect(hiddenVariables({ CLOACA_PYTHON_HIDDEN: 'A,B' })).toEqual(
    new Set(['CLOACA_PYTHON_HIDDEN', 'CLOACA_PYTHON_DESCRIPTORS', 'A', 'B']),
  )
  expect(hiddenVariables({})).toEqual(new Set())
})
