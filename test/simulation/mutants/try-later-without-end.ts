import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/attempts/settled.ts',
  find: 'if (done < most) return null',
  replace: 'if (done <= most) return null',
  breaks: 'A task ends with TryLater at most as often as the setting allows.',
  seeds: [1005],
}
