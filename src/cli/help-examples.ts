/** Adds examples to the help of commands. */

import type { Command } from 'commander'

export function withExamples(command: Command, ...examples: readonly string[]): Command {
  const title = examples.length === 1 ? 'Example' : 'Examples'
  return command.addHelpText('after', `\n${title}:\n${examples.map((example) => `  ${example}`).join('\n')}`)
}
