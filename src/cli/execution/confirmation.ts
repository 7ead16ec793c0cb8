/** Question at the terminal before a command changes executions that were selected by a filter. */

import { createInterface } from 'node:readline'
import { UsageMistake } from '../print.ts'
import { writeStderr } from '../standard-streams.ts'
import type { Change, SelectionOptions } from './execution-filter.ts'

/** Throws `UsageMistake` if nobody can confirm the change. */
export function assertConfirmable({ yes, dryRun }: SelectionOptions, { verb }: Change): void {
  if (yes || dryRun || isAtTerminal()) return
  throw new UsageMistake(
    `Cannot ask whether to ${verb} the selected executions, because this is not a terminal. ` +
      `To ${verb} them without a question, add --yes. To list them, add --dry-run.`,
  )
}

/** Asks a question at the terminal. Returns whether the answer is yes. */
export function isConfirmed(question: string): Promise<boolean> {
  // Without an editor of its own, so that Ctrl-C ends the command with its signal.
  const lines = createInterface({ input: process.stdin, terminal: false })
  writeStderr(`${question} [y/N] `)
  return new Promise((resolve) => {
    lines.once('line', (line) => {
      resolve(/^y(es)?$/i.test(line.trim()))
      lines.close()
    })
    lines.once('close', () => resolve(false))
  })
}

function isAtTerminal(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true
}
