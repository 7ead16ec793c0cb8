/** What a process loads before anything else, so that it lacks something, is another one, or begins later. */

import { fileURLToPath } from 'node:url'

type Preload =
  | 'without-account'
  | 'without-addon'
  | 'without-kafka'
  | 'of-another-version'
  | 'killed-at-start'
  | 'leaking-stacks'
  | 'broken-code'
  | 'never-ready'
  | 'when-told'

/** The value of `NODE_OPTIONS` with which the processes that a test starts load one of `preloads/` first. */
export function preloading(name: Preload): string {
  return `--import ${fileURLToPath(new URL(`./preloads/${name}.mjs`, import.meta.url))}`
}
