/** Options and columns that the commands for backfills and refires share. */

import type { Command } from 'commander'
import type { ActionOptions, BatchProgress } from '../../index.ts'
import { type DatabaseOptions, withDatabase } from '../command-database.ts'
import type { Cell } from '../display.ts'
import { withExamples } from '../help-examples.ts'
import { positiveNumber, wholeNumber } from '../option-values.ts'

export type StartOptions = DatabaseOptions & {
  readonly from: string
  readonly to: string
  readonly maxActive: number
  readonly dryRun?: true
  readonly note?: string
}

export type ChangeOptions = DatabaseOptions & { readonly note?: string; readonly executions?: true }

export type ListOptions = DatabaseOptions & { readonly limit: number }

const NOTE = ['--note <text>', 'record a reason for this action'] as const

/** Adds the range, in a zone, and the other options of a command that starts executions. */
export function withStart(command: Command, zone: string): Command {
  return withDatabase(command)
    .requiredOption('--from <when>', `start of the range, in the ${zone}: 2026-06-01, 2026-06-01T08:00`)
    .requiredOption('--to <when>', 'end of the range, which is not in it')
    .option('--max-active <n>', 'keep at most this many of its executions active', positiveNumber, 1)
    .option('--dry-run', 'print how many executions would start, and start none')
    .option(...NOTE)
}

/** Adds a command that changes a backfill or refire. */
export function changing(group: Command, name: string, description: string, example: string): Command {
  const command = withExamples(group.command(name).description(description), example)
  return withDatabase(command)
    .argument('<id>', 'its id, or the first characters of the id')
    .option(...NOTE)
}

export function listing(group: Command, name: string, description: string, example: string): Command {
  const command = withExamples(group.command(name).description(description), example)
  return withDatabase(command).option('--limit <n>', 'show at most this many rows', wholeNumber, 20)
}

export function cliAction({ note }: { readonly note?: string }): ActionOptions {
  return { source: 'cli', ...(note !== undefined && { note }) }
}

export const PROGRESS_HEADINGS = ['FROM', 'TO', 'STATUS', 'STARTED', 'ACTIVE', 'LEFT OUT'] as const

export function progressCells({ fromAt, toAt, status, started, total, active, leftOut }: BatchProgress) {
  const cells: readonly Cell[] = [{ instant: fromAt }, { instant: toAt }, { state: status }]
  return [...cells, `${started} of ${total}`, String(active), String(leftOut)]
}
