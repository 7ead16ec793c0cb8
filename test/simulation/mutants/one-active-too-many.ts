import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/polls.ts',
  find: 'return active < maxActive ? null',
  replace: 'return active <= maxActive ? null',
  breaks: 'Active firings are limited: one more is started.',
}
