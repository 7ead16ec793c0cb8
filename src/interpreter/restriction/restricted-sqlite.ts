/**
 * SQLite for the scripts of a restricted interpreter: native code is outside of Node's permission model, so each file that it would
 * open is looked at first. SQLite makes files beside a database (its journal, its log): the folder counts, not the file alone. Where it may
 * only be read, a database is opened for reading, and not at all where SQLite would have to write to read (WAL).
 *
 * Proved by `test/restricted/sqlite.test.ts`.
 */

import { closeSync, openSync, readSync } from 'node:fs'
import { resolve } from 'node:path'
import { SqliteDatabases } from '../sqlite.ts'
import type { FileGrants } from './file-grants.ts'
import { filesNamedIn, type NamedFile } from './sql-files.ts'

/** The values of a statement, as Python sends them. */
interface Parameters {
  readonly kinds: string
  readonly values: readonly unknown[]
  readonly names: readonly string[]
}

const IN_MEMORY: ReadonlySet<string> = new Set(['', ':memory:'])
/** In the header of a database: 2 where it keeps a log. */
const WRITE_VERSION_AT = 18
const WITH_LOG = 2

export class RestrictedSqlite extends SqliteDatabases {
  readonly #grants: FileGrants
  readonly #refused: (path: string, isToWrite: boolean) => void
  readonly #readonly = new Set<number>()

  constructor(
    setEvent: (event: number) => void,
    grants: FileGrants,
    refused: (path: string, isToWrite: boolean) => void,
  ) {
    super(setEvent)
    this.#grants = grants
    this.#refused = refused
    this.close(Number(super.open(':memory:', false, false))) // loads the native code, which nothing can later
  }

  override open(path: string, isReadonly: boolean, mustExist: boolean, contents?: Uint8Array): number | string {
    if (contents !== undefined || IN_MEMORY.has(path)) return super.open(path, isReadonly, mustExist, contents)
    const mayWrite = this.#grants.mayWriteBeside(path)
    const problem = mayWrite ? '' : this.#problemOfReading(path)
    if (problem !== '') return refusal(problem)
    const opened = super.open(path, isReadonly || !mayWrite, mustExist || !mayWrite)
    if (typeof opened === 'number' && (isReadonly || !mayWrite)) this.#readonly.add(opened)
    return opened
  }

  override close(number: number): void {
    this.#readonly.delete(number)
    super.close(number)
  }

  override execute(number: number, sql: string, parametersJson: string, firstRows: number): unknown {
    const problem = this.#problemOf(number, sql, () => [JSON.parse(parametersJson) as Parameters])
    return problem === '' ? super.execute(number, sql, parametersJson, firstRows) : refusal(problem)
  }

  override execute_many(number: number, sql: string, parametersJson: string): string {
    const problem = this.#problemOf(number, sql, () => JSON.parse(parametersJson) as Parameters[])
    if (problem === '') return super.execute_many(number, sql, parametersJson)
    return JSON.stringify({ count: 0, changes: 0, failure: JSON.parse(refusal(problem)).error })
  }

  override execute_script(number: number, sql: string): string | undefined {
    const problem = this.#problemOf(number, sql, () => [])
    return problem === '' ? super.execute_script(number, sql) : refusal(problem)
  }

  override backup(event: number, number: number, path: string, schema: string, pages: number): void {
    const problem = IN_MEMORY.has(path) ? '' : this.#problemOfWriting(path)
    if (problem === '') super.backup(event, number, path, schema, pages)
    else this.failBackup(event, refusal(problem))
  }

  /** Why a statement is not run; empty when it may. */
  #problemOf(number: number, sql: string, parameters: () => readonly Parameters[]): string {
    const { attached, written, unclear } = filesNamedIn(sql)
    const [word] = unclear
    if (word !== undefined) {
      return `not authorized: the file of ${word} has to be one text or one parameter in a restricted process`
    }
    if (attached.length === 0 && written.length === 0) return ''
    const given = parameters()
    const isReadonly = this.#readonly.has(number)
    const problems = [
      ...attached.map((file) => ({ file, of: isReadonly ? this.#problemOfReading : this.#problemOfWriting })),
      ...written.map((file) => ({ file, of: this.#problemOfWriting })),
    ].flatMap(({ file, of }) =>
      pathsNamed(file, given).map((path) => {
        if (path === null) return 'not authorized: the name of a file has to be a text in a restricted process'
        return IN_MEMORY.has(path) ? '' : of(path)
      }),
    )
    return problems.find((problem) => problem !== '') ?? ''
  }

  readonly #problemOfWriting = (path: string): string => {
    const whole = wholePath(path)
    if (whole !== null && this.#grants.mayWriteBeside(whole)) return ''
    this.#refused(path, true)
    return notGranted(path)
  }

  readonly #problemOfReading = (path: string): string => {
    const whole = wholePath(path)
    if (whole === null || !this.#grants.mayReadBeside(whole)) {
      this.#refused(path, false)
      return notGranted(path)
    }
    if (!keepsLog(whole)) return ''
    this.#refused(path, true)
    return `unable to open database file: "${path}" is in WAL mode, and SQLite writes beside such a database to read it: its folder has to be granted for writing`
  }
}

/** Null for what is no text: SQLite would take the bytes of anything for a name. */
function pathsNamed(file: NamedFile, given: readonly Parameters[]): readonly (string | null)[] {
  if (file.kind === 'text') return [file.text]
  return given.map(({ kinds, values, names }) => {
    const unnamed = values.length - names.length
    const at = typeof file.at === 'number' ? file.at : unnamed + names.indexOf(file.at)
    const value = values[at]
    const isMissing = at < 0 || at >= values.length || (typeof file.at === 'string' && !names.includes(file.at))
    if (isMissing) return ''
    return kinds.charAt(at) === 's' && typeof value === 'string' ? value : null
  })
}

/** As native SQLite finds it; null for a name that it might take for something else. */
function wholePath(path: string): string | null {
  return path.startsWith('file:') || path.includes('\0') ? null : resolve(path)
}

/** Whether it is in WAL mode; one that is not there, or no database, is not. */
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
  return `unable to open database file: "${path}" is outside of what this restricted process may use`
}

function refusal(message: string): string {
  return JSON.stringify({ error: { code: 'SQLITE_CANTOPEN', message } })
}
