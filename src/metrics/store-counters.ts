/** Counters of a store since it was opened. */

import { Histogram, SHORT_BOUNDS_MS } from './histogram.ts'

/** Kind of a transaction: `read` writes nothing, `write` may be lost in a power failure, `accept` must survive it. */
export type CommitKind = 'read' | 'write' | 'accept'

export class CommitCounters {
  /** Number of reads and writes. Several can share a transaction. */
  steps = 0
  /** Duration of a transaction, including the sync to disk. */
  readonly duration = new Histogram(SHORT_BOUNDS_MS)
}

export class StoreCounters {
  readonly commits: Readonly<Record<CommitKind, CommitCounters>> = {
    read: new CommitCounters(),
    write: new CommitCounters(),
    accept: new CommitCounters(),
  }
  /** Number of reads and writes that the database rejected, such as for a full disk, a lock or a damaged file. */
  refused = 0
  /** Number of times that another process held the lock, and the operation was retried. */
  locked = 0
}
