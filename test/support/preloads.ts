/** Modules that a process loads first, to simulate a missing part, another version, a failure or a delay. */

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
  | 'exhausted-memory'
  | 'aborted'

/** Returns the value of `NODE_OPTIONS` with which the processes of a test load a module of `preloads/` first. */
export function preloading(name: Preload): string {
  return `--import ${new URL(`./preloads/${name}.mjs`, import.meta.url).href}`
}
