/** Identity of an open database file. Only uses `stat`: opening and closing the file would release SQLite's locks. */

import { type BigIntStats, closeSync, openSync, statSync, unlinkSync } from 'node:fs'

type Identity = Pick<BigIntStats, 'dev' | 'ino' | 'birthtimeNs'>

/** State of a file that is not open in this process. */
export interface FileState {
  /** Changes when the path names another file. */
  readonly file: string
  /** Changes when the file is written. */
  readonly content: string
  /** Whether SQLite has the file open in another process. */
  readonly isOpenElsewhere: boolean
}

const LOG_ENDINGS = ['-wal', '-shm']

export class DatabaseFile {
  readonly path: string
  /** The opened file, and the files of its log, by the ends of their paths. */
  readonly #opened = new Map<string, Identity>()

  constructor(path: string) {
    this.path = path
  }

  /** Creates a missing file for its owner alone, because contexts may contain secrets. SQLite reports file errors. */
  makePrivate(): void {
    if (fileStatus(this.path) !== null) return
    try {
      // Only a new file, because closing a file that SQLite has open releases its locks.
      closeSync(openSync(this.path, 'wx', 0o600))
    } catch (thrown) {
      if (!(thrown instanceof Error && 'code' in thrown)) throw thrown
    }
  }

  /** Called while SQLite has the file open. Until it is closed, no other file gets its numbers. */
  remember(): void {
    this.#opened.clear()
    for (const ending of ['', ...LOG_ENDINGS]) {
      const stats = fileStatus(this.path + ending)
      if (stats !== null) this.#opened.set(ending, stats)
    }
  }

  /** Whether the path still names the file that was opened. False without the permission for `stat`. */
  get isNamed(): boolean {
    return this.#isOpened('')
  }

  /**
   * Whether the path names the file that was opened last, and not a later file with the same number. Without the time
   * of its creation from the system, the file that is moved back is taken for another one.
   */
  get isOriginal(): boolean {
    return this.isNamed && fileStatus(this.path)?.birthtimeNs === this.#opened.get('')?.birthtimeNs
  }

  /**
   * Whether file and log are still those that were opened. A file that was moved away and back may have another log,
   * because a process that noticed the move has removed the log. Commits to the removed log would be lost.
   */
  get isInPlace(): boolean {
    return this.isNamed && (!this.#opened.has('-wal') || this.#isOpened('-wal'))
  }

  get state(): FileState | null {
    const stats = fileStatus(this.path)
    if (stats === null) return null
    const { dev, ino, size, mtimeNs } = stats
    const isOpenElsewhere = fileStatus(`${this.path}-shm`) !== null
    return { file: `${dev} ${ino}`, content: `${size} ${mtimeNs}`, isOpenElsewhere }
  }

  /** Path of the log of the file that was opened, or null if it was removed. */
  get leftLog(): string | null {
    return this.#isOpened('-wal') ? `${this.path}-wal` : null
  }

  /** Removes the log of a file that was moved away. SQLite would write its pages into the next file of this name. */
  removeLeftLog(): void {
    for (const ending of LOG_ENDINGS) {
      if (this.#isOpened(ending)) unlinkSync(this.path + ending)
      this.#opened.delete(ending)
    }
  }

  #isOpened(ending: string): boolean {
    const opened = this.#opened.get(ending)
    const found = fileStatus(this.path + ending)
    return opened !== undefined && found?.ino === opened.ino && found.dev === opened.dev
  }
}

/** Returns the status of a file; null if there is no file, or if it cannot be examined. */
export function fileStatus(path: string): BigIntStats | null {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false }) ?? null
  } catch {
    return null
  }
}
