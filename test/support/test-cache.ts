/** Cache folder that all tests of one user share, so that the memory snapshot is created only once. */

import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const TEST_CACHE = process.env.CLOACA_CACHE_DIR ?? join(tmpdir(), `cloaca-test-cache-${process.getuid?.() ?? 0}`)
