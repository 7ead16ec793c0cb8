import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/triggers/polled-triggers.ts',
  find: 'lease: isGiven.has(name) ? null : (leases.get(name) ?? null)',
  replace: 'lease: leases.get(name) ?? null',
  breaks: 'No poll runs without the lease: a trigger is polled while its lease is given up.',
}
