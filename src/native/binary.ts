/**
 * Finds the addon's binary and loads it, once a thread. Used by `addon.ts` and `file-locks.ts`, which give it their types.
 * A missing or outdated binary is no error here: `binaryProblem` says so.
 */

import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { toError } from '../errors.ts'

/** kInterfaceVersion in addon.cc: a binary that is older than the sources has another one. */
const INTERFACE_VERSION = 10

/** `src/native` and `dist/native` lie equally deep, so this is the package's folder from either. */
const PACKAGE_FOLDER = fileURLToPath(new URL('../..', import.meta.url))

interface Loaded {
  readonly binary: object | null
  readonly path: string | null
  readonly problem: string | null
}

interface NodeGypBuild {
  (folder: string): object
  path(folder: string): string
}

const loaded = load()

/** What the addon exports, or null when its binary cannot be loaded. */
export const binary: object | null = loaded.binary
/** The file of the binary, or null when there is none. */
export const binaryPath: string | null = loaded.path
/** Why there is no binary, in one line; null when there is one. */
export const binaryProblem: string | null = loaded.problem

function load(): Loaded {
  try {
    const nodeGypBuild = createRequire(import.meta.url)('node-gyp-build') as NodeGypBuild
    const found = nodeGypBuild(PACKAGE_FOLDER)
    const version = 'interfaceVersion' in found ? found.interfaceVersion : 1
    if (version === INTERFACE_VERSION) return { binary: found, path: nodeGypBuild.path(PACKAGE_FOLDER), problem: null }
    return {
      binary: null,
      path: null,
      problem: 'it is older than its sources; rebuild it with `npm rebuild` or `npm ci`',
    }
  } catch (error) {
    const [firstLine = ''] = toError(error).message.split('\n')
    return { binary: null, path: null, problem: firstLine }
  }
}
