/** An engine talks to interpreters of its own code only. */

import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { borderDigest, digestOf } from '../../src/border/build.ts'
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

test('the digest changes with the code at the border, and with nothing that lies beside it', () => {
  cpSync(fileURLToPath(new URL('../../src/border', import.meta.url)), folder, { recursive: true })
  expect(digestOf(folder)).toBe(borderDigest())

  writeFileSync(join(folder, 'protocol.d.ts'), 'types')
  expect(digestOf(folder)).toBe(borderDigest())

  writeFileSync(join(folder, 'protocol.ts'), 'changed')
  expect(digestOf(folder)).not.toBe(borderDigest())
})

test('an interpreter of another installation is not talked to, and what to do is said', async () => {
  vi.stubEnv('NODE_OPTIONS', preloading('of-another-version'))

  await expect(OpenHost.open([])).rejects.toMatchObject({
    code: 'INTERPRETER_START_FAILED',
    message: expect.stringContaining('cloaca was updated while this process was running. Restart this process'),
  })
})
