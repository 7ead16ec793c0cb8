/** `cloaca check`: loads scripts like `serve`, prints their declarations and problems, and starts nothing. */

import { Command } from 'commander'
import { checkScripts } from '../../index.ts'
import { runnerOptionsFromSettings } from '../../runner/start/setting-options.ts'
import { type DatabaseOptions, withReader } from '../command-database.ts'
import { openLog } from '../engine-log.ts'
import { withExamples } from '../help-examples.ts'
import { printJson, printMessage } from '../print.ts'
import { settingsFrom, withSettings } from '../settings/flags.ts'
import { RESTRICTION_KEYS } from '../settings/restriction-keys.ts'
import { predicateWarnings } from './predicate-warnings.ts'
import { remainingStates } from './remaining-states.ts'
import { printReport } from './report.ts'

const PROBLEMS_FOUND = 1
const SETTINGS = [
  'database',
  'schema',
  'python',
  'python-for',
  ...RESTRICTION_KEYS,
  'limits.memory',
  'limits.load',
] as const

const EXIT_CODE =
  '\nThis command polls no triggers and starts no workflows. If it finds a problem, it exits with code 1.'

export function checkCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('check')
    .description('load scripts and print their declarations and problems')
    .argument('<places...>', 'files (Python or TypeScript), folders, or Python modules')
    .option('--json', 'print JSON')
    .action(async (places: string[], options: DatabaseOptions) => finish(await check(places, options)))
  return withExamples(withSettings(command, SETTINGS), 'cloaca check jobs').addHelpText('after', EXIT_CODE)
}

async function check(places: readonly string[], options: DatabaseOptions): Promise<number> {
  const given = runnerOptionsFromSettings(settingsFrom(options))
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
  if (options.db !== undefined) {
    const warnings = await withReader(options, async (runner) => [
      ...(await remainingStates(report, runner)),
      ...(await predicateWarnings(report, runner)),
    ])
    for (const warning of warnings) printMessage(warning)
  }
  if (options.json) printJson(report)
  else printReport(report)
  return report.problems.length === 0 ? 0 : PROBLEMS_FOUND
}
