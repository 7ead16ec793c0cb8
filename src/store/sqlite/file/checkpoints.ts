/**
 * Writes the log into the database file, in a tick of the event loop between two group commits, so that no step waits
 * for it. The step queue notifies it of each commit.
 *
 *   short ── a threshold of pages is not in the file ──▶ due: folded in the next tick ──▶ short, or blocked by a reader
 *   blocked ── another threshold of pages ──▶ due again; a log that is several thresholds long is restarted, too
 *
 * If the whole log is in the file, the next commit starts it again, so that it stays near the threshold. A reader of an
 * old state prevents this. Many short readers in a row are locked out for a moment. A reader that stays lets the log
 * grow, and the user is warned.
 */

import type { Clock } from '../../../engine/clock-port.ts'
import { toError } from '../../../errors.ts'
import type { DatabaseWatch } from './database-watch.ts'
import type { CheckpointMode, Connection, LogState } from './sqlite-connection.ts'

/** 8 MB: a checkpoint takes two syncs, so it should be rare, but short. */
export const CHECKPOINT_PAGES = 2_000
/** Maximum number of commits without a check of the log. */
const LONGEST_UNSEEN = 16
const RESTART_PAGES = 4 * CHECKPOINT_PAGES
/** 64 MB: the user is warned. */
const NOTICE_PAGES = 16_000
/** Times that a restart waits for readers. A short reader takes longer on a busy machine, without a warning. */
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
  #dueAt = CHECKPOINT_PAGES
  /** Commits since the last check. A check costs a fifth of a small commit, so far from the threshold it is rare. */
  #commits = 0
  #checkAfter = 1
  #pages = 0
  #isScheduled = false
  #isNoticed = false

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
    if (this.#isScheduled || this.#commits < this.#checkAfter || !this.#isDue(this.#state('NOOP'))) return
    this.#isScheduled = true
    this.#clock.soon(() => this.#run())
  }

  #isDue(state: LogState | null): boolean {
    if (state === null) return false
    const unfolded = state.log - state.checkpointed
    // The reader has ended, or another process has written the log into the file.
    if (unfolded < this.#dueAt - CHECKPOINT_PAGES) this.#dueAt = CHECKPOINT_PAGES
    // Half of the commits that reach the threshold if they are as large as the last ones.
    const pagesACommit = Math.max(1, (state.log - this.#pages) / this.#commits)
    this.#checkAfter = Math.min(LONGEST_UNSEEN, (this.#dueAt - unfolded) / pagesACommit / 2)
    this.#commits = 0
    this.#pages = state.log
    return unfolded >= this.#dueAt
  }

  #run(): void {
    this.#isScheduled = false
    // Never into a file to which the log does not belong.
    if (!this.#watch.check()) return
    let state = this.#state('PASSIVE')
    const { log: pages = 0 } = state ?? {}
    const restart = RESTART_WAITS_MS.find(({ fromPages }) => pages >= fromPages)
    if (restart !== undefined) state = this.#state('RESTART', restart.waitMs)
    if (state === null) return
    this.#dueAt = state.log - state.checkpointed + CHECKPOINT_PAGES
    if (state.log < NOTICE_PAGES || state.busy === 0) this.#isNoticed = false
    else {
      this.#noticeOnce(
        `The write-ahead log "${this.#connection.path}-wal" has grown to ${state.log} pages, because a program ` +
          'keeps a read transaction open. End that transaction or program.',
      )
    }
  }

  /** Returns the state of the log; null if there is none or the checkpoint failed. The next commit tries again. */
  #state(mode: CheckpointMode, waitMs?: number): LogState | null {
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

  #noticeOnce(message: string): void {
    if (this.#isNoticed) return
    this.#isNoticed = true
    this.#notice(message)
  }
}
