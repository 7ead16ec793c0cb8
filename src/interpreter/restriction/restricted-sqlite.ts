/**
 * SQLite for the scripts of a restricted interpreter. SQLite's native code bypasses Node's permission model, so the
 * addon checks each file in SQLite's own file layer, whatever statement names it. SQLite creates files next to a
 * database (its journal, its log), so the folder must be granted, not only the file. If the folder may only be read, a
 * database is opened for reading, unless SQLite would have to write in order to read (WAL). This file reports early,
 * with an explanation, what the addon would refuse.
 *
 * Proved by `test/restricted/escapes.test.ts`.
 */

import { closeSync, openSync, readSync } from 'node:fs'
import { resolve } from 'node:path'
import { limitSqlite, takeSqliteRefusals } from '../../native/restriction/sqlite-files.ts'
import { loadSqlite, SqliteDatabases, sqliteClasses } from '../sqlite.ts'
import type { FileGrants } from './file-grants.ts'

const IN_MEMORY: ReadonlySet<string> = new Set(['', ':memory:'])
/** Offset of the byte in a database's header that is 2 if the database keeps a log (WAL). */
const WRITE_VERSION_AT = 18
const WITH_LOG = 2
const ERROR = '{"error"'

export class RestrictedSqlite extends SqliteDatabases {
  readonly #grants: FileGrants
  readonly #refused: (path: string, isToWrite: boolean) => void
  /** Why no database can be opened; null if SQLite can be limited. */
  readonly #problem: string | null
  readonly classes: readonly object[]

  constructor(
    setEvent: (event: number) => void,
    grants: FileGrants,
    refused: (path: string, isToWrite: boolean) => void,
  ) {
    super(setEvent)
    this.#grants = grants
    this.#refused = refused
    const { problem, classes } = loadLimited(grants)
    this.#problem = problem
    this.classes = classes
  }

  override open(path: string, isReadonly: boolean, mustExist: boolean, contents?: Uint8Array): number | string {
    if (this.#problem !== null) {
      return refusal(`sqlite3 in a restricted process needs cloaca's native addon, which is missing: ${this.#problem}`)
    }
    if (contents !== undefined || IN_MEMORY.has(path)) return super.open(path, isReadonly, mustExist, contents)
    const mayWrite = this.#mayWrite(path)
    const problem = mayWrite ? '' : this.#problemOfReading(path)
    if (problem !== '') return refusal(problem)
    const opened = this.#explained(super.open(path, isReadonly || !mayWrite, mustExist || !mayWrite))
    // The kernel would refuse temporary files elsewhere.
    if (typeof opened === 'number') super.execute_script(opened, 'PRAGMA temp_store = MEMORY')
    return opened
  }

  override execute(number: number, sql: string, parametersJson: string, firstRows: number): unknown {
    return this.#explained(super.execute(number, sql, parametersJson, firstRows))
  }

  override execute_script(number: number, sql: string): string | undefined {
    return this.#explained(super.execute_script(number, sql))
  }

  override backup(event: number, number: number, path: string, schema: string, pages: number): void {
    if (IN_MEMORY.has(path) || this.#mayWrite(path)) {
      super.backup(event, number, path, schema, pages)
      return
    }
    this.#refused(path, true)
    this.failBackup(event, refusal(notGranted(path)))
  }

  /** Returns SQLite's answer, or an explained error if it could not open a file that is not granted. */
  #explained<Answer>(answer: Answer): Answer | string {
    const refusals = takeSqliteRefusals()
    for (const { path, isToWrite } of refusals) this.#refused(path, isToWrite)
    const [first] = refusals
    if (first === undefined || typeof answer !== 'string' || !answer.startsWith(ERROR)) return answer
    return refusal(notGranted(first.path))
  }

  #mayWrite(path: string): boolean {
    const whole = resolve(path)
    return this.#grants.mayWriteBeside(whole) && !this.#grants.isKept(whole)
  }

  #problemOfReading(path: string): string {
    const whole = resolve(path)
    if (!this.#grants.mayReadBeside(whole)) {
      this.#refused(path, false)
      return notGranted(path)
    }
    if (!keepsLog(whole)) return ''
    this.#refused(path, true)
    return (
      `unable to open database file: "${path}" is in WAL mode, so SQLite needs to write to its folder even ` +
      `to read it: grant write access to the folder`
    )
  }
}

/** Loads SQLite, which is impossible after the start, and limits it. `problem`: why it cannot be limited, or null. */
function loadLimited(grants: FileGrants): { readonly problem: string | null; readonly classes: readonly object[] } {
  const Database = loadSqlite()
  const database = new Database(':memory:')
  try {
    const problem = limitSqlite(database, grants.folders)
    const classes = sqliteClasses(database)
    for (const { prototype } of classes) Reflect.deleteProperty(prototype, 'loadExtension')
    return { problem, classes }
  } finally {
    database.close()
  }
}

/** Whether a database is in WAL mode; a file that does not exist, or is not a database, is not. */
function keepsLog(path: string): boolean {
  let descriptor: number
  try {
    descriptor = openSync(path, 'r')
  } catch {
    return false
  }
  try {
    const header = Buffer.alloc(WRITE_VERSION_AT + 1)
    return readSync(descriptor, header, 0, header.length, 0) === header.length && header[WRITE_VERSION_AT] === WITH_LOG
  } finally {
    closeSync(descriptor)
  }
}

function notGranted(path: string): string {
  return `unable to open database file: "${path}" is outside the folders that this restricted process may use`
}

function refusal(message: string): string {
  return JSON.stringify({ error: { code: 'SQLITE_CANTOPEN', message } })
}
