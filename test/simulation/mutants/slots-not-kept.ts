import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/limits/slot-taking.ts',
  find: 'if (vainOffers >= states.length)',
  replace: 'if (vainOffers < 0)',
  breaks: 'Tasks of equal priority do not starve: no slot is kept for a task with several limits.',
  seeds: [473],
}
