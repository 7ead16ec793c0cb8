/**
 * Database of scenarios: SQLite, or with `CLOACA_TEST_DATABASE=postgres` a database of the PostgreSQL server of all
 * tests, to check that both behave the same. Scenarios use `:memory:`; for PostgreSQL, a copy of the program has
 * another URL.
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { temporaryDatabase } from './postgres-server.ts'

const ON_POSTGRES = process.env.CLOACA_TEST_DATABASE === 'postgres'

export interface ScenarioDatabase extends AsyncDisposable {
  /** URL for the runner. */
  readonly url: string
}

/** Creates an empty database. `file` is the path for SQLite, which otherwise uses memory. */
export async function scenarioDatabase(file?: string): Promise<ScenarioDatabase> {
  if (ON_POSTGRES) return await temporaryDatabase()
  return { url: file === undefined ? ':memory:' : `sqlite://${file}`, [Symbol.asyncDispose]: async () => {} }
}

export interface ProgramCopy extends AsyncDisposable {
  readonly path: string
}

const IN_MEMORY = /"(?:sqlite:\/\/)?:memory:"/g

/** Returns a program of a folder, or a copy that uses empty PostgreSQL schemas instead of databases in memory. */
export async function programFor(folder: string, name: string): Promise<ProgramCopy> {
  const path = join(folder, name)
  const text = ON_POSTGRES ? readFileSync(path, 'utf8') : ''
  if (text.match(IN_MEMORY) === null) return { path, [Symbol.asyncDispose]: async () => {} }
  const database = await temporaryDatabase()
  const copies = mkdtempSync(join(tmpdir(), 'cloaca-scenario-'))
  for (const entry of readdirSync(folder)) if (entry !== name) symlinkSync(join(folder, entry), join(copies, entry))
  const empty = `("${database.url}&schema=s" + __import__("uuid").uuid4().hex)`
  writeFileSync(join(copies, name), text.replace(IN_MEMORY, empty))
  return {
    path: join(copies, name),
    async [Symbol.asyncDispose]() {
      rmSync(copies, { recursive: true, force: true })
      await database[Symbol.asyncDispose]()
    },
  }
}
