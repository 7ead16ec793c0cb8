/** `cloaca check`: loads scripts as `serve` would, prints what it would serve and what is wrong, and starts nothing. */

import { Command } from 'commander'
import { checkScripts } from '../../index.ts'
import { optionsOf } from '../../runner/project-options.ts'
import { withExamples } from '../help.ts'
import { openLog } from '../log.ts'
import { printJson } from '../print.ts'
import { settingsFrom, withSettings } from '../settings/flags.ts'
import { RESTRICTION_KEYS } from '../settings/restriction-keys.ts'
import { printReport } from './report.ts'

const PROBLEMS_FOUND = 1

const EXIT_CODE =
  '\nThis command polls no triggers and starts no workflows. If it finds a problem, it exits with code 1.'

export function checkCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('check')
    .description('load scripts and print their declarations and problems')
    .argument('<places...>', 'files (Python or TypeScript), folders, or Python modules')
    .option('--json', 'print JSON')
    .action(async (places: string[], options: { readonly json?: true }) => finish(await check(places, options)))
  return withExamples(
    withSettings(command, ['python', 'python-for', ...RESTRICTION_KEYS, 'limits.memory', 'limits.load']),
    'cloaca check jobs',
  ).addHelpText('after', EXIT_CODE)
}

async function check(places: readonly string[], options: { readonly json?: true }): Promise<number> {
  const given = optionsOf(settingsFrom(options))
  const { interpreterMemoryMb, interpreterOpenFiles, interpreterThreads, loadTimeoutMs } = given
  const { python, pythonFor, restrict = null, restrictFor = {} } = given
  const report = await checkScripts(places, {
    ...(python !== undefined && { python }),
    ...(pythonFor !== undefined && { pythonFor }),
    restrict,
    restrictFor,
    ...(interpreterMemoryMb !== undefined && { interpreterMemoryMb }),
    ...(interpreterOpenFiles !== undefined && { interpreterOpenFiles }),
    ...(interpreterThreads !== undefined && { interpreterThreads }),
    ...(loadTimeoutMs !== undefined && { loadTimeoutMs }),
    log: openLog('warn'),
  })
  if (options.json) printJson(report)
  else printReport(report)
  return report.problems.length === 0 ? 0 : PROBLEMS_FOUND
}
