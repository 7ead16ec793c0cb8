/** `cloaca trigger state`: shows, sets and resets the state of a trigger. */

import type { Command } from 'commander'
import { type Runner, type StateOptions, type TriggerState, UsageError } from '../../index.ts'
import { stateRecord } from '../../runner/records/trigger-records.ts'
import { type DatabaseOptions, withReader, withRunner } from '../command-database.ts'
import { contextOption } from '../context-option.ts'
import { instantText } from '../display.ts'
import { printFields, printJson, printLine, UsageMistake } from '../print.ts'

type NamedCommand = (name: string, description: string, example: string) => Command
type Options = DatabaseOptions & { readonly set?: string; readonly reset?: true; readonly note?: string }

export function addStateCommand(named: NamedCommand): void {
  named('state', 'show or change the state of a trigger', `cloaca trigger state new_rows --set '{"last": 5}'`)
    .option('--set <json>', 'replace the state: JSON object or @FILE')
    .option('--reset', 'reset the state to that before the first poll')
    .option('--note <text>', 'record a reason for this action')
    .action((name: string, options: Options) => run(name, options))
}

async function run(name: string, options: Options): Promise<void> {
  const { set, reset, note, json } = options
  if (set !== undefined && reset) throw new UsageMistake('Pass either --set or --reset, not both.')
  const isChange = set !== undefined || reset === true
  if (note !== undefined && !isChange) throw new UsageMistake('--note needs a change. Pass --set or --reset, too.')
  const state = isChange
    ? await withRunner(options, (runner) => change(runner, name, options))
    : await withReader(options, (runner) => runner.triggers.state(name))
  if (json) printJson(stateRecord(state))
  else if (isChange) printLine(`State of trigger "${name}" ${reset ? 'reset' : 'changed'} (version ${state.version}).`)
  else printFields({ trigger: name, ...stateFields(state) })
}

async function change(runner: Runner, name: string, { set, note }: Options): Promise<TriggerState> {
  const action: StateOptions = { source: 'cli', ...(note !== undefined && { note }) }
  if (set === undefined) return await runner.triggers.resetState(name, action)
  try {
    return await runner.triggers.setStateText(name, contextOption(set, '--set'), action)
  } catch (error) {
    if (error instanceof UsageError && (error.code === 'INVALID_CONTEXT' || error.code === 'INVALID_ARGUMENT'))
      throw new UsageMistake(`Invalid --set: ${error.message}`)
    throw error
  }
}

/** Returns the fields of `trigger state` and `trigger show`. */
export function stateFields({ stateText, version, changedAt, changedBy }: TriggerState): Record<string, string> {
  const by = changedBy === 'poll' ? 'a poll' : `action ${changedBy}`
  return {
    state: stateText,
    'state changed': changedAt === null ? 'never' : `${instantText(changedAt)} by ${by} (version ${version})`,
  }
}
