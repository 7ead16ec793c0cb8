/** `cloaca config`: prints the effective settings in this folder, and their sources. */

import { Command } from 'commander'
import { withExamples } from '../help-examples.ts'
import { printJson, printTable } from '../print.ts'
import { settingsFrom, withSettings } from './flags.ts'

export function configCommand(): Command {
  const command = new Command('config')
    .description('print the effective settings and where each is set')
    .option('--json', 'print JSON')
    .action((options: { readonly json?: true }) => {
      const shown = settingsFrom(options).shown()
      if (options.json) return printJson(shown)
      printTable(
        ['SETTING', 'VALUE', 'FROM'],
        shown.map(({ key, value, from }) => [key, value, from]),
        null,
      )
    })
  return withExamples(withSettings(command), 'cloaca config', 'cloaca config --memory 2gb')
}
