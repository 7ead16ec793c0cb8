/** End of `cloaca serve` while the server of its database does not answer. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MAIN } from '../support/main-path.ts'
import { OwnPostgres } from '../support/own-postgres.ts'
import { administer } from '../support/postgres-server.ts'
import { temporaryFolder } from '../support/store-sites.ts'

const GRACE_MS = 1_000
/** Longer than the grace and the 10 s after it. Without this end, `serve` would run until the server continues. */
const ENDED_WITHIN_MS = 60_000
const CLOACA = fileURLToPath(new URL('../../src/index.ts', import.meta.url))
const SCRIPT = `
import { trigger, workflow } from '${CLOACA}'

export const ticking = workflow('ticking').task('tick', () => ({}))
export const ticks = trigger('ticks', { starts: ticking, every: '1s' }, () => true)
`

let server: OwnPostgres
beforeAll(async () => {
  server = OwnPostgres.start()
  await administer(server.server.url('postgres'), 'CREATE DATABASE app')
})
afterAll(() => server?.[Symbol.dispose]())

test('serve ends after SIGTERM with an error, soon after the grace', { timeout: ENDED_WITHIN_MS }, async () => {
  using folder = temporaryFolder()
  const script = join(folder.file('ticks.ts'))
  writeFileSync(script, SCRIPT)
  const words = [MAIN, 'serve', script, '--no-http', '--grace', `${GRACE_MS}ms`, '--db', server.server.url('app')]
  const serving = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(serving, 'exit')
  let log = ''
  await new Promise<void>((resolve, reject) => {
    for (const stream of [serving.stdout, serving.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        log += text
        if (log.includes('completed')) resolve()
      })
    void exited.then(() => reject(new Error(`serve ended: ${log}`)))
  })
  server.signal('SIGSTOP')
  try {
    serving.kill('SIGTERM')
    const [code]: readonly unknown[] = await exited

    expect({ code, log }).toEqual({ code: 1, log: expect.stringContaining('The database has not answered within') })
  } finally {
    server.signal('SIGCONT')
    serving.kill('SIGKILL')
  }
})
