/** Attempts with limits under the system's CPython, whose engine cannot renew its lease. */

import { describeRunLimits } from '../support/run-limits.ts'

describeRunLimits('CPython', { kind: 'cpython', executable: 'python3' })
