import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/executions/signal-steps.ts',
  find: 'if (isOpen) session.run(',
  replace: 'if (!isOpen) session.run(',
  breaks: 'Each kept signal ends one wait: a signal that ended a wait stays kept.',
}
