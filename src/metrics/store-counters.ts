/** What a store counts since it was opened. */

import { Histogram, SHORT_BOUNDS_MS } from './histogram.ts'

/** `read` writes nothing, `write` need not survive a power cut, `accept` must. */
export type CommitKind = 'read' | 'write' | 'accept'

export class CommitCounters {
  /** What was carried out; several share a commit. */
  steps = 0
  /** From its begin to its end, with what is written and synced. */
  readonly duration = new Histogram(SHORT_BOUNDS_MS)
}

export class StoreCounters {
  readonly commits: Readonly<Record<CommitKind, CommitCounters>> = {
    read: new CommitCounters(),
    write: new CommitCounters(),
    accept: new CommitCounters(),
  }
  /** Steps that were refused: a full disk, a lock that was held for too long, a damaged file. */
  refused = 0
  /** How often another process had the lock, and it was tried again. */
  locked = 0
}
