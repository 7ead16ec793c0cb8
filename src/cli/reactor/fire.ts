/** `cloaca reactor fire`: fires immediately, also without a serving process. */

import type { Command } from 'commander'
import { UsageError } from '../../index.ts'
import { reactorFiringRecord } from '../../runner/records/reactor-records.ts'
import { type DatabaseOptions, withRunner } from '../command-database.ts'
import { contextOption } from '../context-option.ts'
import { printJson, printLine, UsageMistake } from '../print.ts'

type FireOptions = DatabaseOptions & { readonly payload?: string; readonly note?: string }
type Named = (name: string, description: string, ...examples: readonly string[]) => Command

export function addFireCommand(named: Named): void {
  named(
    'fire',
    "fire a reactor manually, with its sources' newest values",
    `cloaca reactor fire oven --payload '{"probe": {"c": 91.5}}' --note "a try"`,
  )
    .option('--payload <json>', 'replace values of sources: JSON {"SOURCE": VALUE} or @FILE')
    .option('--note <text>', 'record a reason for this action')
    .action(fire)
}

async function fire(name: string, options: FireOptions): Promise<void> {
  const payloadText = options.payload === undefined ? null : contextOption(options.payload, '--payload')
  const { note } = options
  const firing = await withRunner(options, async (runner) => {
    try {
      return await runner.reactors.fireText(name, payloadText, { source: 'cli', ...(note !== undefined && { note }) })
    } catch (error) {
      if (error instanceof UsageError && error.code === 'INVALID_CONTEXT')
        throw new UsageMistake(`Invalid --payload: ${error.message}`)
      throw error
    }
  })
  if (options.json) printJson(reactorFiringRecord(firing))
  else printLine(`Reactor "${name}" fired (firing ${firing.sequence}) with payload ${firing.payloadText}`)
}
