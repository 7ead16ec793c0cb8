/**
 * Finds and loads the addon's binary once a thread. Used by `addon.ts` and `file-locks.ts`, which add their types. A
 * missing or outdated binary does not throw: see `binaryProblem`.
 */

import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { toError } from '../errors.ts'

/** kInterfaceVersion in addon.cc, by which a binary older than the sources is noticed. */
const INTERFACE_VERSION = 12

/** Folder of the package, as seen from both `src/native` and `dist/native`. */
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

export const binary: object | null = loaded.binary
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
