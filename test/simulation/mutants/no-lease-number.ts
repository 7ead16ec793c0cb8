import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/sqlite/trigger-steps.ts',
  find: `  if (tick.lease !== null && tick.lease !== trigger.lease_number) return { kind: 'lost' }
  if (tick.onChange`,
  replace: '  if (tick.onChange',
  breaks: 'Every poll has one tick: a former holder of the lease records its firing.',
}
