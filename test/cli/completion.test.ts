/** `cloaca completion`: what a shell makes of its script. */

import { spawnSync } from 'node:child_process'
import { afterAll, expect, it } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'

const terminal = new Terminal()
afterAll(() => terminal[Symbol.asyncDispose]())

const scriptFor = (shell: string) => terminal.start(['completion', shell]).ended

/** What bash offers behind the words of a line. */
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
  expect(offered(script, 'reactor', 'sub')).toEqual(['subscribe', 'subscriptions'])
  expect(offered(script, 'source', 'push', 'door', '--l')).toEqual(['--lines'])
  expect(offered(script, 'serve', 'jobs', '--wa')).toEqual(['--watch'])
})

it('scripts for the other shells name every command', async () => {
  for (const shell of ['zsh', 'fish']) {
    const { stdout, exitCode } = await scriptFor(shell)
    expect(exitCode).toBe(0)
    for (const word of ['trigger', 'history', '--ticks', 'cancel']) expect(stdout).toContain(word)
  }
})

it('a shell that there is no script for is wrong usage', async () => {
  const { exitCode, stderr } = await scriptFor('tcsh')

  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('bash, zsh, fish')])
})
