/** Options and runner of the commands that read or change a database. */

import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { databaseFile, Runner, UsageError } from '../index.ts'
import { showTimes } from './display.ts'
import { settingsFrom, withSettings } from './settings/flags.ts'

export interface DatabaseOptions {
  readonly db?: string
  readonly schema?: string
  readonly json?: true
  readonly utc?: true
}

export function withDatabase(command: Command): Command {
  return withSettings(command, ['database', 'schema'])
    .option('--json', 'print JSON')
    .option('--utc', 'print times in UTC instead of the local zone')
}

/** Calls a function with a runner that has the database open and runs nothing. */
export async function withRunner<Result>(
  options: DatabaseOptions,
  use: (runner: Runner) => Promise<Result>,
): Promise<Result> {
  return await lend(options, false, use)
}

/** Does the same for reading: writes nothing and waits for no writer. `use` prints, so nobody waits for the close. */
export async function withReader<Result>(
  options: DatabaseOptions,
  use: (runner: Runner) => Promise<Result>,
): Promise<Result> {
  return await lend(options, true, use)
}

/** A missing database is an error here: a user who inspects a database does not want to create one. */
async function lend<Result>(
  options: DatabaseOptions,
  readOnly: boolean,
  use: (runner: Runner) => Promise<Result>,
): Promise<Result> {
  const settings = settingsFrom(options)
  const [database, schema] = [settings.get('database'), settings.get('schema')]
  const file = databaseFile(database)
  if (file !== null && !existsSync(file)) {
    throw new UsageError(
      'INVALID_ARGUMENT',
      `Database "${file}" does not exist. Pass another URL with --db, or create it: cloaca serve SCRIPT.py --db URL`,
      { path: file },
    )
  }
  await using runner = await Runner.open({ readOnly, database, schema })
  showTimes({ isUtc: options.utc === true, now: runner.now() })
  return await use(runner)
}
