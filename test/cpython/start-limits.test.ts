/** Requests whose lease is over before their function could be called, under the system's CPython. */

import { describeStartLimits } from '../support/start-limits.ts'

describeStartLimits('CPython', { kind: 'cpython', executable: 'python3' })
