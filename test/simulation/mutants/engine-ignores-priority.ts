import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/attempts/slot-queue.ts',
  find: 'if (one.rank !== other.rank) return one.rank < other.rank',
  replace: 'if (one.rank !== other.rank) return one.rank > other.rank',
  breaks: 'A ready task of higher priority begins first in an engine: that of lower priority does.',
  seeds: [11],
}
