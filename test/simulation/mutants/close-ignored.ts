import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/limits/key-states.ts',
  find: `  if (closedUntil > now) return 0
`,
  replace: '',
  breaks: 'Nothing begins while a limit is closed.',
  seeds: [2],
}
