/**
 * Writes the log into the database file from time to time, in a tick of its own of the event loop between two group commits: whoever waits
 * for a commit does not wait for that. The step queue notifies it of each commit.
 *
 *   short ── a threshold of pages is not in the file ──▶ due: folded in the next tick of the event loop ──▶ short, or blocked by a reader
 *   blocked ── another threshold of pages ──▶ due again; a log that is several thresholds long is restarted, too
 *
 * A log that is all in the file is begun anew by the next commit, so that it stays near the threshold. A reader who keeps an
 * old state open blocks that. Many short ones, one after the other, are locked out for a moment; one that stays is waited
 * for, the log grows meanwhile, and the user is warned.
 */

import type { Clock } from '../../../engine/ports.ts'
import { toError } from '../../../errors.ts'
import type { Connection, LogState } from './connection.ts'
import type { DatabaseWatch } from './database-watch.ts'

/** 8 MB: each one takes two syncs, so that they are few, and none writes for long. */
export const CHECKPOINT_PAGES = 2_000
/** At the latest after so many commits the log is checked. */
const LONGEST_UNSEEN = 16
const RESTART_PAGES = 4 * CHECKPOINT_PAGES
/** 64 MB: from here on something is wrong. */
const NOTICE_PAGES = 16_000
/**
 * How long a restart waits for readers, by the length of the log: one that reads for a moment takes longer where processors are
 * scarce, and nobody is warned of that.
 */
const RESTART_WAITS_MS = [
  { fromPages: NOTICE_PAGES, waitMs: 200 },
  { fromPages: 12_000, waitMs: 50 },
  { fromPages: RESTART_PAGES, waitMs: 10 },
]

export class Checkpoints {
  readonly #connection: Connection
  readonly #clock: Pick<Clock, 'soon'>
  readonly #watch: Pick<DatabaseWatch, 'check' | 'suspect'>
  readonly #notice: (message: string) => void
  /** How many pages that are not in the file make the next one due. */
  #dueAt = CHECKPOINT_PAGES
  /** A check costs a fifth of a small commit: far from the threshold, not each one is followed by one. */
  #commits = 0
  #checkAfter = 1
  /** Length of the log at the last check. */
  #pages = 0
  #isScheduled = false
  #isNoticed = false

  /** `notice` hears, in sentences for a user, of a log that does not get shorter. */
  constructor(
    connection: Connection,
    clock: Pick<Clock, 'soon'>,
    watch: Pick<DatabaseWatch, 'check' | 'suspect'>,
    notice: (message: string) => void,
  ) {
    this.#connection = connection
    this.#clock = clock
    this.#watch = watch
    this.#notice = notice
  }

  committed(): void {
    this.#commits += 1
    if (this.#isScheduled || this.#commits < this.#checkAfter || !this.#isDue(this.#state('inspect'))) return
    this.#isScheduled = true
    this.#clock.soon(() => this.#run())
  }

  #isDue(log: LogState | null): boolean {
    if (log === null) return false
    const unfolded = log.pages - log.folded
    // The reader has gone, or another process has done it.
    if (unfolded < this.#dueAt - CHECKPOINT_PAGES) this.#dueAt = CHECKPOINT_PAGES
    // Half of the commits that it takes if the next ones are as large as the last.
    const pagesACommit = Math.max(1, (log.pages - this.#pages) / this.#commits)
    this.#checkAfter = Math.min(LONGEST_UNSEEN, (this.#dueAt - unfolded) / pagesACommit / 2)
    this.#commits = 0
    this.#pages = log.pages
    return unfolded >= this.#dueAt
  }

  #run(): void {
    this.#isScheduled = false
    // Never into a file that is not the one of the log any more.
    if (!this.#watch.check()) return
    let log = this.#state('fold')
    const { pages = 0 } = log ?? {}
    const restart = RESTART_WAITS_MS.find(({ fromPages }) => pages >= fromPages)
    if (restart !== undefined) log = this.#state('restart', restart.waitMs)
    if (log === null) return
    this.#dueAt = log.pages - log.folded + CHECKPOINT_PAGES
    if (log.pages < NOTICE_PAGES || !log.isBusy) this.#isNoticed = false
    else {
      this.#noticeOnce(
        `The write-ahead log "${this.#connection.path}-wal" has grown to ${log.pages} pages, because a program keeps a read ` +
          'transaction open. End that transaction or program.',
      )
    }
  }

  /** Null where there is no log, or it cannot be read or written now: the next commit tries again, and says why. */
  #state(mode: 'inspect' | 'fold' | 'restart', waitMs?: number): LogState | null {
    try {
      return this.#connection.checkpoint(mode, waitMs)
    } catch (thrown) {
      this.#watch.suspect(thrown)
      this.#noticeOnce(
        `Cannot write the write-ahead log back into database "${this.#connection.path}": ${toError(thrown).message}. ` +
          'cloaca tries again after the next write.',
      )
      return null
    }
  }

  /** Once until all is well again. */
  #noticeOnce(message: string): void {
    if (this.#isNoticed) return
    this.#isNoticed = true
    this.#notice(message)
  }
}
