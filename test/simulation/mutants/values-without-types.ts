import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/limits/limit-keys.ts',
  find: 'const text = codec.canonicalize(picked)',
  replace: `const text = codec.canonicalize(picked).replaceAll('"', '')`,
  breaks: 'Values of a limit are compared as JSON: the text "1" is not the number 1.',
  seeds: [2],
}
