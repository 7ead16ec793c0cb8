/**
 * Syncs the write-ahead log to the disk soon after a commit that did not sync it, in a thread of libuv, so that a power
 * cut loses at most the last second. SQLite itself syncs such commits only in a checkpoint.
 *
 *   synced ── a commit without a sync ──▶ due in 500 ms ──▶ syncing ──▶ synced
 *     ▲                                     │                 └─ a commit in the meantime ──▶ due
 *     └──────── a commit with a sync ───────┘
 */

import { open } from 'node:fs/promises'
import type { Clock, Timer } from '../../../engine/clock-port.ts'
import { toError } from '../../../errors.ts'

/** Half of the second that a power cut may lose. The rest is for the sync. */
const SYNC_AFTER_MS = 500

/** Resolves when the content of a file is on the disk, or if the file does not exist. */
export type SyncFile = (path: string) => Promise<void>

type State =
  | { readonly kind: 'synced' }
  | { readonly kind: 'due'; readonly timer: Timer }
  | { readonly kind: 'syncing'; isDueAgain: boolean }

const SYNCED: State = { kind: 'synced' }

export class LogSync {
  readonly #path: string
  readonly #clock: Pick<Clock, 'wakeAfter'>
  readonly #sync: SyncFile
  readonly #notice: (message: string) => void
  #state: State = SYNCED
  #isNoticed = false
  #isStopped = false

  /** `path`: path of the database, whose log has the suffix `-wal`. */
  constructor(
    path: string,
    clock: Pick<Clock, 'wakeAfter'>,
    notice: (message: string) => void,
    sync: SyncFile = syncFile,
  ) {
    this.#path = `${path}-wal`
    this.#clock = clock
    this.#notice = notice
    this.#sync = sync
  }

  /** Must be called after each commit that wrote. `isSynced`: the commit has synced the log. */
  committed(isSynced: boolean): void {
    const state = this.#state
    if (state.kind === 'syncing') state.isDueAgain = !isSynced
    else if (isSynced) this.#cancel()
    else if (state.kind === 'synced' && !this.#isStopped) this.#schedule()
  }

  /** Syncs the last commits: SQLite does so only when the last process closes the database. */
  async stop(): Promise<void> {
    this.#isStopped = true
    const { kind } = this.#state
    this.#cancel()
    if (kind !== 'synced') await this.#run()
  }

  #cancel(): void {
    if (this.#state.kind !== 'due') return
    this.#state.timer.cancel()
    this.#state = SYNCED
  }

  #schedule(): void {
    this.#state = { kind: 'due', timer: this.#clock.wakeAfter(SYNC_AFTER_MS, () => void this.#run()) }
  }

  async #run(): Promise<void> {
    const state: State = { kind: 'syncing', isDueAgain: false }
    this.#state = state
    try {
      await this.#sync(this.#path)
      this.#isNoticed = false
    } catch (thrown) {
      state.isDueAgain = true
      this.#noticeOnce(toError(thrown))
    }
    this.#state = SYNCED
    if (state.isDueAgain && !this.#isStopped) this.#schedule()
  }

  #noticeOnce({ message }: Error): void {
    if (this.#isNoticed) return
    this.#isNoticed = true
    this.#notice(`Cannot sync the write-ahead log "${this.#path}": ${message}. A power cut may lose recent writes.`)
  }
}

async function syncFile(path: string): Promise<void> {
  try {
    await using file = await open(path)
    await file.datasync()
  } catch (thrown) {
    // Before the first commit, and after the database was moved away.
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown
  }
}
