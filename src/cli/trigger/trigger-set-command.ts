/** `cloaca trigger set`: values that override the declarations in code. */

import type { Command } from 'commander'
import type { ActionOptions, Catchup, Runner, TriggerOverrides } from '../../index.ts'
import { durationFrom, type ValueType, wholeNumberFrom } from '../../settings/value-types.ts'
import { type DatabaseOptions, withRunner } from '../command-database.ts'
import { durationParser, optionParser, wordParser } from '../option-values.ts'
import { printJson, printLine, UsageMistake } from '../print.ts'

/** A word, because commander makes null of an empty text. */
type None = typeof NONE
const NONE = 'none'

type NamedCommand = (name: string, description: string, example: string) => Command

type SetOptions = DatabaseOptions & {
  readonly note?: string
  readonly interval?: number
  readonly timeout?: number | None
  readonly jitter?: number | None
  readonly maxActive?: number | None
  readonly pauseAfter?: number | None
  readonly onChange?: boolean
  readonly expectFire?: number | None
  readonly catchup?: Catchup
  readonly reset?: true
}

export function addSettingCommand(named: NamedCommand): void {
  named(
    'set',
    'override the declared options of a trigger permanently',
    'cloaca trigger set inbox_watcher --interval 10s --pause-after 5',
  )
    .option('--interval <duration>', 'poll at this interval, such as 500ms, 10s or 5m', durationParser)
    .option('--timeout <duration>', 'limit the duration of a poll; none: use limits.poll', orNone(durationFrom(1)))
    .option('--jitter <duration>', 'delay each poll by a random time up to this', orNone(durationFrom(0)))
    .option('--max-active <n>', 'limit active executions of the trigger; none: no limit', orNone(wholeNumberFrom(1)))
    .option(
      '--pause-after <n>',
      'disable after this many consecutive failed polls; none: never',
      orNone(wholeNumberFrom(1)),
    )
    .option('--on-change', 'fire only when the result changes from skip to fire')
    .option('--no-on-change', 'fire on every poll that returns fire')
    .option('--expect-fire <duration>', 'alert after this time without a firing; none: never', orNone(durationFrom(1)))
    .option(
      '--catchup <policy>',
      'start one execution (skip), all, or none for missed times',
      wordParser(['skip', 'all', 'none']),
    )
    .option('--reset', 'remove the overrides and use the declared options')
    .option('--note <text>', 'record a reason for this action')
    .action((name: string, options: SetOptions) => withRunner(options, (runner) => set(runner, name, options)))
}

async function set(runner: Runner, name: string, options: SetOptions): Promise<void> {
  const { catchup, reset, note } = options
  const action: ActionOptions = { source: 'cli', ...(note !== undefined && { note }) }
  const overrides = overridesOf(options)
  const isPolled = Object.keys(overrides).length > 0
  if ((reset && (isPolled || catchup !== undefined)) || (isPolled && catchup !== undefined))
    throw new UsageMistake('Pass only one of these: --reset, --catchup (for cron triggers), or polling options.')
  if (!reset && !isPolled && catchup === undefined)
    throw new UsageMistake('No option to set. Pass at least one; see: cloaca trigger set --help')
  if (catchup !== undefined) await runner.triggers.setCatchup(name, catchup, action)
  else if (reset) await resetAll(runner, name, action)
  else await runner.triggers.set(name, overrides, action)
  if (options.json) printJson({ trigger: name, set: reset ? null : catchup === undefined ? overrides : { catchup } })
  else if (reset) printLine(`Trigger "${name}" reset to its declared options.`)
  else
    printLine(
      `Trigger "${name}" updated. The override survives restarts; remove it with: cloaca trigger set ${name} --reset`,
    )
}

async function resetAll(runner: Runner, name: string, action: ActionOptions): Promise<void> {
  const crons = await runner.schedules.list({ limit: 100_000 })
  if (crons.some((row) => row.triggerName === name)) await runner.triggers.setCatchup(name, null, action)
  else await runner.triggers.set(name, null, action)
}

function overridesOf({
  interval,
  timeout,
  jitter,
  maxActive,
  pauseAfter,
  onChange,
  expectFire,
}: SetOptions): TriggerOverrides {
  return {
    ...(interval !== undefined && { pollIntervalMs: interval }),
    ...(timeout !== undefined && { timeoutMs: numberOrNull(timeout) }),
    ...(jitter !== undefined && { jitterMs: numberOrNull(jitter) }),
    ...(maxActive !== undefined && { maxActive: numberOrNull(maxActive) }),
    ...(pauseAfter !== undefined && { pauseAfter: numberOrNull(pauseAfter) }),
    ...(onChange !== undefined && { onChange }),
    ...(expectFire !== undefined && { expectFireMs: numberOrNull(expectFire) }),
  }
}

function orNone(type: ValueType<number>): (text: string) => number | None {
  const parse = optionParser(type, ', or none')
  return (text) => (text === NONE ? NONE : parse(text))
}

function numberOrNull(value: number | None): number | null {
  return value === NONE ? null : value
}
