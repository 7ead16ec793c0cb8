import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/triggers/polled-trigger.ts',
  find: 'return trigger.isDeclared && trigger.isEnabled && trigger.lease !== null',
  replace: 'return trigger.isDeclared && trigger.lease !== null',
  breaks: 'No poll runs for a disabled trigger.',
}
