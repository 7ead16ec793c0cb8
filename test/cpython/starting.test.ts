/** Programs that the user names as Python, but that fail at the start. The engine reports the cause. */

import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { PROTOCOL_VERSION } from '../../src/border/channel.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { OpenHost } from '../support/open-host.ts'

const FRAMES = fileURLToPath(new URL('../../src/border/frames.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'cloaca-pythons-'))
let made = 0

/** Creates a program that claims to be Python 3.12, and runs this shell script when it is started. */
function pretended(script: string): string {
  const path = join(folder, `pretended-${++made}`)
  const code = `#!/bin/sh\nif [ "$1" = -c ]; then echo cloaca 3.12.0; exit 0; fi\n${script}\n`
  writeFileSync(path, code, { mode: 0o755 })
  return path
}

/** Creates a program that sends these messages to the engine, and no others. */
function saying(...messages: object[]): string {
  const path = join(folder, `said-${++made}.mjs`)
  const frames = `import { encodeFrame } from ${JSON.stringify(FRAMES)}\nimport { writeSync } from 'node:fs'\n`
  const list = JSON.stringify(messages)
  const say = `for (const message of ${list}) for (const bytes of encodeFrame(message)) writeSync(4, bytes)\n`
  writeFileSync(path, `${frames}${say}setTimeout(() => {}, 60_000)\n`)
  return pretended(`exec ${process.execPath} ${path}`)
}

const HELLO = {
  ...{ type: 'hello', protocolVersion: PROTOCOL_VERSION, digest: 'another', pid: 1, python: '3.12.0' },
  stacksSignal: null,
}

const opening = (executable: string, clock?: ManualClock) =>
  OpenHost.open([], 1, { python: { kind: 'cpython', executable }, ...(clock && { clock }) })

it.each([
  ['exits immediately', () => pretended('exit 4'), /did not start: its process ended with exit code 4\.$/],
  ['is killed', () => pretended('kill -9 $$'), /did not start: its process was killed by SIGKILL\.$/],
  ['prints text to its channel', () => pretended('echo hello there >&4; sleep 60'), /sent an invalid message: /],
  [
    'announces a message that is too large',
    () => pretended("printf '\\377\\377\\377\\377' >&4; sleep 60"),
    /message length 4294967295 is invalid/,
  ],
  ['ends inside a message', () => pretended("printf '\\100\\0\\0\\0\\0' >&4; exit 0"), /ended with exit code 0\.$/],
  [
    'has another version of the cloaca package',
    () => saying(HELLO),
    /the version of its Python package "cloaca" \(another\) does not match.*Install/,
  ],
  ['uses an older protocol', () => saying({ ...HELLO, protocolVersion: 1 }), /does not match this engine/],
  ['reports a fatal error', () => saying({ type: 'fatal', message: 'no luck', token: 0 }), /did not start: no luck\.$/],
])('the start fails with a one-line error if the Python %s', async (_, executable, message) => {
  const error: unknown = await opening(executable()).catch((thrown: unknown) => thrown)

  expect(error).toMatchObject({ code: 'INTERPRETER_START_FAILED' })
  expect((error as Error).message).toMatch(/^Python ".*" [^\n]*\.$/)
  expect((error as Error).message).toMatch(message)
})

it('the start fails if the Python sends no message within 30 s', async () => {
  const clock = new ManualClock()
  const refused = expect(opening(pretended('sleep 600'), clock)).rejects.toThrow('it did not respond within 30 s')
  await expect.poll(() => clock.pendingTimers).toBeGreaterThan(0)

  await clock.advance(30_000)

  await refused
})
