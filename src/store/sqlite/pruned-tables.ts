/** Tables from which old rows are removed: see the steps of retention. */

import type { PrunedTables } from '../steps/history/retention.ts'

export const PRUNED_TABLES: PrunedTables = {
  // A few milliseconds.
  executionsPerStep: 10,
  *find() {
    return (family) => [family === 'executions' ? 'executions' : 'ticks']
  },
}
