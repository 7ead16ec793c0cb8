/** A command at a terminal, whose user sees texts, types answers, and runs other commands in the meantime. */

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const AT_A_TERMINAL = fileURLToPath(new URL('./at_a_terminal.py', import.meta.url))

export const hasPty = spawnSync('python3', ['-c', 'import pty']).status === 0

export type TerminalStep = readonly ['see' | 'type' | 'run', string]

/** Runs a command to its end. Returns the whole screen, and the exit code of the command. */
export async function atATerminal(steps: readonly TerminalStep[], command: readonly string[]) {
  const child = spawn('python3', [AT_A_TERMINAL, JSON.stringify(steps), ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text
  })
  const [exitCode] = await once(child, 'close')
  return { shown, exitCode }
}
