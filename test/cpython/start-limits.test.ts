/** Requests under the system's CPython whose lease expires before their call starts. */

import { describeStartLimits } from '../support/start-limits.ts'

describeStartLimits('CPython', { kind: 'cpython', executable: 'python3' })
