/** `cloaca action`: lists the actions of users, such as cancels and retries, with their notes. */

import { Command } from 'commander'
import type { ActionRow, Runner } from '../../index.ts'
import { actionRecord } from '../../runner/records/execution-records.ts'
import { type DatabaseOptions, withDatabase, withReader } from '../command-database.ts'
import { withExamples } from '../help-examples.ts'
import { beginningInstant, beginningParser, wholeNumber } from '../option-values.ts'
import { printJson, printLine, printTable, rowsOfPage } from '../print.ts'

type ListOptions = DatabaseOptions & {
  readonly limit: number
  readonly since?: ReturnType<typeof beginningParser>
  readonly until?: ReturnType<typeof beginningParser>
  readonly cursor?: string
}

/** Targets with this form are ids, which people type shortened. Other targets are names. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export function actionCommand(): Command {
  const group = new Command('action').description('list the actions of users')
  const action = withExamples(group, 'cloaca action list --since 2h')
  const listing = action.command('list').description('list actions of users and their notes, newest first')
  withDatabase(withExamples(listing, 'cloaca action list --since 2h'))
    .option('--limit <n>', 'show at most this many actions', wholeNumber, 20)
    .option('--since <when>', 'show only actions after this time: 2h (ago), 2026-01-31T08:00:00Z', beginningParser)
    .option('--until <when>', 'show only actions before this time: 1h (ago), 2026-01-31T09:00:00Z', beginningParser)
    .option('--cursor <id>', 'continue after this action, the last of the previous page')
    .action((options: ListOptions) => withReader(options, (runner) => list(runner, options)))
  return action
}

async function list(runner: Runner, { json, limit, since, until, cursor }: ListOptions): Promise<void> {
  const found = await runner.actions.list({
    limit: limit + 1,
    ...(since !== undefined && { sinceAt: beginningInstant(since, runner.now()) }),
    ...(until !== undefined && { untilAt: beginningInstant(until, runner.now()) }),
    ...(cursor !== undefined && { after: cursor }),
  })
  const rows = rowsOfPage(found, limit, 'actions')
  if (json) return printJson(rows.map(actionRecord))
  printTable(
    ['TIME', 'ACTOR', 'ACTION', 'TARGET', 'NOTE'],
    rows.map((row) => [
      { instant: row.at },
      row.source,
      kindText(row),
      UUID.test(row.target) ? { id: row.target } : row.target,
      row.note ?? '',
    ]),
    limit === 0 ? null : 'There are no matching actions in this database.',
  )
}

/** Prints the actions on one execution as a table with a title, or nothing if there are none. */
export function printActions(rows: readonly ActionRow[], title: string): void {
  if (rows.length === 0) return
  printLine('')
  printLine(title)
  printTable(
    ['TIME', 'ACTOR', 'ACTION', 'NOTE'],
    rows.map((row) => [{ instant: row.at }, row.source, kindText(row), row.note ?? '']),
    null,
  )
}

/** Returns the kind of an action, and its state unless it was carried out. */
function kindText({ kind, answer }: ActionRow): string {
  if (answer === null) return `${kind}, not answered yet`
  return answer.isRefused ? `${kind}, rejected` : kind
}
