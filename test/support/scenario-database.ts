/**
 * The database of scenarios: SQLite, or with `CLOACA_TEST_DATABASE=postgres` the server of all tests, so that what users see is the same on
 * both. Nothing of it is in the scenarios: where a program says `:memory:`, a copy of it says another URL.
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { temporaryDatabase } from './postgres-server.ts'

export const ON_POSTGRES = process.env.CLOACA_TEST_DATABASE === 'postgres'

export interface ScenarioDatabase extends AsyncDisposable {
  /** As a runner takes it. */
  readonly url: string
}

/** An empty one of its own; `file`: where SQLite keeps it, in memory by default. */
export async function scenarioDatabase(file?: string): Promise<ScenarioDatabase> {
  if (ON_POSTGRES) return await temporaryDatabase()
  return { url: file === undefined ? ':memory:' : `sqlite://${file}`, [Symbol.asyncDispose]: async () => {} }
}

export interface ProgramCopy extends AsyncDisposable {
  readonly path: string
}

const IN_MEMORY = /"(?:sqlite:\/\/)?:memory:"/g

/** A program of a folder as it is, or a copy whose databases in memory are schemas of a server, each an empty one. */
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
