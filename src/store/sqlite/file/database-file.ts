/**
 * Which file a path named when its database was opened, and whether it still names that one. The connection asks.
 * Only by `stat`: opening the file beside SQLite and closing it again would drop SQLite's locks on it.
 */

import { accessSync, type BigIntStats, closeSync, constants, openSync, statSync, unlinkSync } from 'node:fs'

interface Identity {
  readonly dev: bigint
  readonly ino: bigint
}

/** What a path names at one moment. */
export interface FileState {
  /** Changes when it names another file. */
  readonly file: string
  /** Changes while somebody writes to the file. */
  readonly content: string
  /** SQLite has it open in some process. To be asked while it is not open here. */
  readonly isOpenElsewhere: boolean
}

/** Beside the database: what was committed and is not in the file yet, and the index of that. */
const LOG_ENDINGS = ['-wal', '-shm']

export class DatabaseFile {
  readonly path: string
  /** Null: none is open. */
  #opened: Identity | null = null
  readonly #logs = new Map<string, Identity>()

  constructor(path: string) {
    this.path = path
  }

  /**
   * Makes the file where there is none, for its owner alone: contexts may hold secrets. SQLite gives what it makes beside
   * it the same mode. What else keeps it from being made is left for SQLite to say.
   */
  makePrivate(): void {
    if (statOf(this.path) !== null) return
    try {
      // Only one that is new: closing one that SQLite has open would drop its locks.
      closeSync(openSync(this.path, 'wx', 0o600))
    } catch (thrown) {
      if (!(thrown instanceof Error && 'code' in thrown)) throw thrown
    }
  }

  /** Throws as `access` does. SQLite opens what may only be read without a word, and refuses the first write. */
  assertWritable(): void {
    accessSync(this.path, constants.W_OK)
  }

  /** To be called while SQLite has the file open: until it is closed, no other file can get its numbers. */
  remember(): void {
    this.#opened = statOf(this.path)
    this.#logs.clear()
    for (const ending of LOG_ENDINGS) {
      const log = statOf(this.path + ending)
      if (log !== null) this.#logs.set(this.path + ending, log)
    }
  }

  /** Whether the path still names the file that was opened. A file that may not be looked at does not count. */
  get isNamed(): boolean {
    return isSame(statOf(this.path), this.#opened)
  }

  /**
   * Whether the file and its log are still those that were opened. A file that was moved away and back may have another log: a process that
   * noticed the move has removed the log, and commits to the removed log are lost.
   */
  get isInPlace(): boolean {
    const path = `${this.path}-wal`
    const log = this.#logs.get(path)
    return this.isNamed && (log === undefined || isSame(statOf(path), log))
  }

  get exists(): boolean {
    return statOf(this.path) !== null
  }

  /** Null: there is none. */
  get state(): FileState | null {
    const stats = statOf(this.path)
    if (stats === null) return null
    const { dev, ino, size, mtimeNs } = stats
    const isOpenElsewhere = statOf(`${this.path}-shm`) !== null
    return { file: `${dev} ${ino}`, content: `${size} ${mtimeNs}`, isOpenElsewhere }
  }

  /** The log of the file that was opened, where it lies by the path of another one; else null. */
  get leftLog(): string | null {
    for (const [path, log] of this.#logs) if (path.endsWith('-wal') && isSame(statOf(path), log)) return path
    return null
  }

  /**
   * Removes the log that belongs to a file which is not here any more, as long as it is the very same: SQLite would
   * take it for the log of the next file of this name, and write its pages into that one.
   */
  removeLeftLog(): void {
    for (const [path, log] of this.#logs) if (isSame(statOf(path), log)) unlinkSync(path)
    this.#logs.clear()
  }
}

function isSame(one: Identity | null, other: Identity | null): boolean {
  return one !== null && other !== null && one.ino === other.ino && one.dev === other.dev
}

function statOf(path: string): BigIntStats | null {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false }) ?? null
  } catch {
    // A folder on the way may not be entered, or the file system is gone: for us there is no file.
    return null
  }
}
