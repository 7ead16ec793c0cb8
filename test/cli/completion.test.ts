/** Scripts of `cloaca completion` for each shell. */

import { spawnSync } from 'node:child_process'
import { afterAll, expect, it } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'

const terminal = new Terminal()
afterAll(() => terminal[Symbol.asyncDispose]())

const scriptFor = (shell: string) => terminal.run(['completion', shell])

/** Returns the words that bash suggests at the end of a command line. */
function offered(script: string, ...line: string[]): readonly string[] {
  const words = line.map((word) => `'${word}'`).join(' ')
  const program = `${script}\nCOMP_WORDS=(cloaca ${words}); COMP_CWORD=${line.length}; _cloaca; echo "\${COMPREPLY[@]}"`
  const shell = spawnSync('bash', ['-c', program], { encoding: 'utf8' })
  expect(shell.stderr).toBe('')
  return shell.stdout.trim().split(' ').filter(Boolean)
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
