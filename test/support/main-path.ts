/** Paths of the program `cloaca` that tests start. */

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** For tests that change modules of the sources. */
export const SOURCE_MAIN = join(ROOT, 'src/cli/main.ts')

/** The sources, or the build with `CLOACA_TEST_BUILD=1`. */
export const MAIN = process.env.CLOACA_TEST_BUILD === '1' ? join(ROOT, 'dist/cli/main.js') : SOURCE_MAIN
