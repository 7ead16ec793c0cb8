/** What the help of a command ends with: commands to copy. Used by every command. */

import type { Command } from 'commander'

/** Adds examples to a command's help, one command a line. */
export function withExamples(command: Command, ...examples: readonly string[]): Command {
  const title = examples.length === 1 ? 'Example' : 'Examples'
  return command.addHelpText('after', `\n${title}:\n${examples.map((example) => `  ${example}`).join('\n')}`)
}
