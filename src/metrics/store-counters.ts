/** Counters of a store since it was opened. */

import { Histogram, SHORT_BOUNDS_MS } from './histogram.ts'

/** Kind of a transaction. `read` writes nothing. `accept` must survive a power failure, `write` need not. */
export type CommitKind = 'read' | 'write' | 'accept'

/** Counters of the transactions of one kind. */
export class CommitCounters {
  /** Number of operations. Several operations can share a transaction. */
  steps = 0
  /** Duration of transactions, including the sync to disk. */
  readonly duration = new Histogram(SHORT_BOUNDS_MS)
}

/** Counters of the database. */
export class StoreCounters {
  readonly commits: Readonly<Record<CommitKind, CommitCounters>> = {
    read: new CommitCounters(),
    write: new CommitCounters(),
    accept: new CommitCounters(),
  }
  /** Number of operations that the database rejected, for example because of a full disk. */
  refused = 0
  /** Number of retries because another process had locked the database. */
  locked = 0
}
