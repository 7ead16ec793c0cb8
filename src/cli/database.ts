/** What the commands that read or change a database share: their options, and the runner that they ask. */

import { existsSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { databaseFile, Runner, UsageError } from '../index.ts'

export interface DatabaseOptions {
  readonly db?: string
  readonly json?: true
}

/** Adds `--db` and `--json`. */
export function withDatabase(command: Command): Command {
  return command
    .addOption(new Option('--db <url>', 'database; default: $CLOACA_DATABASE_URL, else sqlite://cloaca.db'))
    .option('--json', 'print JSON')
}

/**
 * Lends a runner that has the database open and runs nothing. A database that does not exist is an error here:
 * whoever wants to read one did not mean to make it.
 */
export async function withRunner<Result>(
  options: DatabaseOptions,
  use: (runner: Runner) => Promise<Result>,
): Promise<Result> {
  const file = databaseFile(options.db)
  if (file !== null && !existsSync(file)) {
    throw new UsageError(
      'INVALID_ARGUMENT',
      `There is no database at "${file}". Give its URL with --db, or make it with: cloaca serve SCRIPT.py --db URL`,
      { path: file },
    )
  }
  await using runner = await Runner.open(options.db === undefined ? {} : { database: options.db })
  return await use(runner)
}
