/** `cloaca trigger test`: polls a trigger of a file, and stores nothing. */

import type { Command } from 'commander'
import { type PollOutcome, Runner, UsageError } from '../../index.ts'
import { testedRecord } from '../../runner/records/trigger-records.ts'
import { runnerOptionsFromSettings } from '../../runner/start/setting-options.ts'
import { type DatabaseOptions, withReader } from '../command-database.ts'
import { assertJson, contextOption } from '../context-option.ts'
import { openLog } from '../engine-log.ts'
import { printError, printJson, printLine, printTraceback, UsageMistake } from '../print.ts'
import { settingsFrom, withSettings } from '../settings/flags.ts'
import { RESTRICTION_KEYS } from '../settings/restriction-keys.ts'

type NewCommand = (name: string, description: string, example: string) => Command

interface TestOptions extends DatabaseOptions {
  readonly state?: string
}

export function addTestCommand(command: NewCommand, finish: (exitCode: number) => void): void {
  const description = 'poll a trigger once without starting its workflow'
  const test = command('test', description, 'cloaca trigger test jobs/inbox.py inbox_watcher')
  withSettings(test, ['database', 'schema', 'python', ...RESTRICTION_KEYS])
    .argument('<file>', 'file that declares the trigger')
    .argument('<name>', 'name of the trigger')
    .option('--state <json>', 'start from this state (JSON, @file or @-)')
    .option('--json', 'print JSON')
    .action(async (file: string, name: string, options: TestOptions) => finish(await testPoll(file, name, options)))
}

/** Exit code 1 for a failed poll; a skip and a firing are successes. The trigger's output goes to stderr. */
async function testPoll(file: string, name: string, options: TestOptions): Promise<number> {
  const stateText = await stateBefore(name, options)
  await using runner = await Runner.open({
    ...runnerOptionsFromSettings(settingsFrom(options)),
    alerts: {},
    secrets: null,
    database: ':memory:',
    schema: null,
    scriptRunners: false,
    stdoutTo: 'stderr',
    log: openLog('warn'),
  })
  await runner.load(file, { onlyPlaces: true })
  const { outcome } = await runner.testPoll(name, stateText === null ? {} : { stateText })
  if (options.json) printJson(testedRecord(outcome))
  else printOutcome(name, outcome)
  return outcome.kind === 'failed' || outcome.kind === 'timedOut' ? 1 : 0
}

/** Returns the state that the command line or the database contains, or null for that of the script. */
async function stateBefore(name: string, options: TestOptions): Promise<string | null> {
  if (options.state !== undefined) {
    if (options.db !== undefined) throw new UsageMistake('--state and --db exclude each other: both are a state')
    const text = contextOption(options.state, '--state')
    assertJson(text, '--state')
    return text
  }
  if (options.db === undefined) return null
  return await withReader(options, async ({ triggers }) => {
    try {
      const { stateText, version } = await triggers.state(name)
      return version === 0 ? null : stateText
    } catch (error) {
      if (error instanceof UsageError && error.code === 'TRIGGER_HAS_NO_STATE') return null
      throw error
    }
  })
}

function printOutcome(name: string, outcome: PollOutcome): void {
  if (outcome.kind === 'failed' || outcome.kind === 'timedOut') {
    if (outcome.error.traceback) printTraceback(outcome.error.traceback)
    printError(outcome.error.message)
    return
  }
  if (outcome.kind === 'skipped') {
    printLine(`Trigger "${name}" skipped${outcome.reason === null ? '.' : `: ${outcome.reason}`}`)
  } else {
    const { firings } = outcome
    printLine(`Trigger "${name}" fired${firings.length === 1 ? '.' : ` ${firings.length} times.`}`)
    for (const { contextText, key } of firings) {
      if (key !== undefined) printLine(`key      ${key}`)
      printLine(`context  ${contextText ?? 'none'}`)
    }
  }
  if (outcome.stateText !== undefined) printLine(`state    ${outcome.stateText}`)
}
