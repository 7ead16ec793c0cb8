import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/heartbeat.ts',
  find: 'const RUN_WITHIN_MS = 9_000',
  replace: 'const RUN_WITHIN_MS = 25_000',
  breaks: 'A limit is never exceeded: attempts run after the lease of their engine has ended.',
  seeds: [2230],
}
