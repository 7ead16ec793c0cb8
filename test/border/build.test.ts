/** Digest of the code at the border, with which an engine rejects interpreters of another version. */

import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { borderDigest, folderDigest } from '../../src/border/build.ts'
import { OpenHost } from '../support/open-host.ts'
import { preloading } from '../support/preloads.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-build-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

test('the digest changes with the code in src/border, and not with other files in that folder', () => {
  cpSync(fileURLToPath(new URL('../../src/border', import.meta.url)), folder, { recursive: true })
  expect(folderDigest(folder)).toBe(borderDigest())

  writeFileSync(join(folder, 'protocol.d.ts'), 'types')
  expect(folderDigest(folder)).toBe(borderDigest())

  writeFileSync(join(folder, 'protocol.ts'), 'changed')
  expect(folderDigest(folder)).not.toBe(borderDigest())
})

test('rejects an interpreter of another version, and asks the user to restart the process', async () => {
  vi.stubEnv('NODE_OPTIONS', preloading('of-another-version'))

  await expect(OpenHost.open([])).rejects.toMatchObject({
    code: 'INTERPRETER_START_FAILED',
    message: expect.stringContaining('cloaca was updated while this process was running. Restart this process'),
  })
})
