import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/trigger-state-steps.ts',
  find: 'if (!isStateChange(polled)) return',
  replace: 'if (!isStateChange(polled) || polled.version > 0) return',
  breaks: 'A state is stored with its tick: only the first change is stored.',
}
