/** What the commands that read or change a database share: their options, and the runner that they ask. */

import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { databaseFile, Runner, UsageError } from '../index.ts'
import { showInstantsFrom } from './display.ts'
import { settingsFrom, withSettings } from './settings/flags.ts'

export interface DatabaseOptions {
  readonly db?: string
  readonly schema?: string
  readonly json?: true
  readonly utc?: true
}

/** Adds `--db`, `--schema`, `--json` and `--utc`. */
export function withDatabase(command: Command): Command {
  return withSettings(command, ['database', 'schema'])
    .option('--json', 'print JSON')
    .option('--utc', 'print exact timestamps instead of "3 min ago"')
}

/** Lends a runner that has the database open and runs nothing. */
export async function withRunner<Result>(
  options: DatabaseOptions,
  use: (runner: Runner) => Promise<Result>,
): Promise<Result> {
  return await lend(options, false, use)
}

/**
 * The same for commands that only read: nothing is written, and no lock is waited for that a writer holds. What is read is
 * to be printed by `use`: then closing keeps nobody waiting for it.
 */
export async function withReader<Result>(
  options: DatabaseOptions,
  use: (runner: Runner) => Promise<Result>,
): Promise<Result> {
  return await lend(options, true, use)
}

/** A database that does not exist is an error here: whoever wants to look at one did not mean to make it. */
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
  showInstantsFrom(options.utc ? null : runner.now())
  return await use(runner)
}
