/** `cloaca trigger test`: polls a trigger of a file, without a database. */

import type { Command } from 'commander'
import { Runner } from '../../index.ts'
import { optionsOf } from '../../runner/project-options.ts'
import { openLog } from '../log.ts'
import { printError, printJson, printLine, printTraceback } from '../print.ts'
import { settingsFrom, withSettings } from '../settings/flags.ts'
import { RESTRICTION_KEYS } from '../settings/restriction-keys.ts'

type NewCommand = (name: string, description: string, example: string) => Command

export function addTestCommand(command: NewCommand, finish: (exitCode: number) => void): void {
  const description = 'poll a trigger once without starting its workflow'
  const test = command('test', description, 'cloaca trigger test jobs/inbox.py inbox_watcher')
  withSettings(test, ['python', ...RESTRICTION_KEYS])
    .argument('<file>', 'file that declares the trigger')
    .argument('<name>', 'name of the trigger')
    .option('--json', 'print JSON')
    .action(async (file: string, name: string, options: { readonly json?: true }) =>
      finish(await testPoll(file, name, options)),
    )
}

/**
 * A skip and a firing are both a good result; a poll that fails is exit code 1. What the trigger prints goes to stderr: on
 * stdout is the result.
 */
async function testPoll(file: string, name: string, options: { readonly json?: true }): Promise<number> {
  await using runner = await Runner.open({
    ...optionsOf(settingsFrom(options)),
    alerts: {},
    secrets: null, // polls have none
    database: ':memory:',
    schema: null,
    scriptRunners: false,
    stdoutTo: 'stderr',
    log: openLog('warn'),
  })
  await runner.load(file, { onlyPlaces: true })
  const outcome = await runner.poll(name)
  if (options.json) {
    printJson(outcome.kind === 'fired' ? { ...outcome, context: JSON.parse(outcome.contextText ?? '{}') } : outcome)
  } else if (outcome.kind === 'skipped') {
    printLine(`Trigger "${name}" skipped${outcome.reason === null ? '.' : `: ${outcome.reason}`}`)
  } else if (outcome.kind === 'fired') {
    printLine(`Trigger "${name}" fired.`)
    printLine(`context  ${outcome.contextText ?? 'none'}`)
  } else {
    if (outcome.error.traceback) printTraceback(outcome.error.traceback)
    printError(outcome.error.message)
  }
  return outcome.kind === 'failed' || outcome.kind === 'timedOut' ? 1 : 0
}
