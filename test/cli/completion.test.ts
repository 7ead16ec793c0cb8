/** Scripts of `cloaca completion` for each shell. */

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { Terminal } from '../support/cloaca-process.ts'
import { MAIN } from '../support/main-path.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { declaration, newCron, newExecution, START } from '../support/store-builders.ts'

const terminal = new Terminal()
afterAll(() => terminal[Symbol.asyncDispose]())

const HOSTILE = 'in $(touch pwned)'

const scriptFor = (shell: string) => terminal.run(['completion', shell])

/** Returns the words that bash suggests at the end of a command line. */
function offered(script: string, ...line: string[]): readonly string[] {
  const words = line.map((word) => `'${word}'`).join(' ')
  const cloaca = `cloaca() { '${process.execPath}' '${MAIN}' "$@"; }`
  const call = `COMP_WORDS=(cloaca ${words}); COMP_CWORD=${line.length}; _cloaca; printf '%s\\n' "\${COMPREPLY[@]}"`
  const program = `${cloaca}\n${script}\n${call}`
  const shell = spawnSync('bash', ['-c', program], { cwd: terminal.folder, encoding: 'utf8' })
  expect(shell.stderr).toBe('')
  return shell.stdout.split('\n').filter(Boolean)
}

it('bash completes commands, their subcommands and their options', async () => {
  const { stdout: script } = await scriptFor('bash')

  expect(offered(script, 'exec')).toEqual(['execution'])
  expect(offered(script, 'execution', 'c')).toEqual(['cancel'])
  expect(offered(script, 'execution', 'list', '--w')).toEqual(['--workflow'])
  expect(offered(script, 'execution', 'cancel', '5b9debd0', '--no')).toEqual(['--note', '--no-wait'])
  expect(offered(script, 'execution', 'retry', '--dr')).toEqual(['--dry-run'])
  expect(offered(script, 'action', 'list', '--si')).toEqual(['--since'])
  expect(offered(script, 'reactor', 'subscribe', '--al')).toEqual(['--allow-missing'])
  expect(offered(script, 'serve', '--retention-e')).toEqual(['--retention-executions'])
  expect(offered(script, 'reactor', 'sub')).toEqual(['subscribe', 'subscriptions'])
  expect(offered(script, 'source', 'push', 'door', '--l')).toEqual(['--lines'])
  expect(offered(script, 'serve', 'jobs', '--wa')).toEqual(['--watch'])
  expect(offered(script, 'signal', 'send', 'go', '--d')).toEqual(['--db', '--data'])
  expect(offered(script, 'approval', 'approve', 'id', '--va')).toEqual(['--values'])
  expect(offered(script, 'approval', '')).toEqual(['list', 'show', 'approve', 'reject', '--help'])
})

it('bash completes statuses and other words of options', async () => {
  const { stdout: script } = await scriptFor('bash')

  expect(offered(script, 'execution', 'list', '--status', '')).toContain('Running')
  expect(offered(script, 'execution', 'list', '--status', 'C')).toEqual(['Completed', 'Cancelled'])
  expect(offered(script, 'trigger', 'history', 'inbox', '--outcome', 're')).toEqual(['refused'])
})

it('bash completes quoted names and recent ids of the database, and evaluates none of them', async () => {
  const ids = ['5b9debd0-9f16-4377-92a6-fb934363d2ed', '0f3b2a8e-4a52-4d5c-9a43-5c1f0f6f2f8d']
  for (const name of ['cloaca.db', 'other.db']) {
    const store = await openSqliteStore({
      path: join(terminal.folder, name),
      durability: 'normal',
      clock: new ManualClock(START),
    })
    const triggers = name === 'cloaca.db' ? ['inbox', HOSTILE] : ['elsewhere']
    await store.saveTriggers(
      triggers.map((each) => declaration({ name: each })),
      START,
    )
    await store.createCron(newCron({ workflow: 'report', triggerName: 'nightly' }))
    for (const id of ids) await store.createExecution(newExecution({ id, workflow: 'report' }), { kind: 'call' }, START)
    await store.close()
  }
  const { stdout: script } = await scriptFor('bash')

  expect(offered(script, 'trigger', 'show', 'in').toSorted()).toEqual(['in\\ \\$\\(touch\\ pwned\\)', 'inbox'])
  expect(offered(script, 'trigger', 'show', '')).toContain('nightly')
  expect(offered(script, 'trigger', 'show', '--db', 'other.db', 'e')).toEqual(['elsewhere'])
  // Bash splits `--db sqlite://other.db` at the colon.
  expect(offered(script, 'trigger', 'show', '--db', 'sqlite', ':', '//other.db', 'e')).toEqual(['elsewhere'])
  expect(offered(script, 'execution', 'list', '--trigger', 'inb')).toEqual(['inbox'])
  expect(offered(script, 'execution', 'show', '5')).toEqual([ids[0]])
  expect(offered(script, 'execution', 'cancel', '').toSorted()).toEqual(ids.toSorted())
  expect(offered(script, 'schedule', 'show', '')).toEqual(['nightly'])
  expect(offered(script, 'trigger', 'show', '--db', 'missing.db', '')).toEqual([])
  expect(existsSync(join(terminal.folder, 'pwned'))).toBe(false)
})

it('the scripts for zsh and fish contain commands and options', async () => {
  for (const shell of ['zsh', 'fish']) {
    const { stdout, exitCode } = await scriptFor(shell)
    expect(exitCode).toBe(0)
    for (const word of ['trigger', 'history', '--ticks', 'cancel']) expect(stdout).toContain(word)
  }
})

it('an unsupported shell is rejected, and the message lists the supported shells', async () => {
  const { exitCode, stderr } = await scriptFor('tcsh')

  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('bash, zsh, fish')])
})
