import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/steering/execution-steering.ts',
  find: `      if (release === 'elsewhere' || release === 'lost') return`,
  replace: `      if (action.kind === 'cancel' && release !== 'elsewhere') return { isRefused: false, text: '{}' }
      if (release === 'elsewhere') return`,
  breaks: 'An answer is true: a cancel is answered when the engine stops or loses the execution.',
}
