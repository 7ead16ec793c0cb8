/** Polls with state, lists and keys under the system's CPython. */

import { describeTriggerStates } from '../support/trigger-states.ts'

describeTriggerStates('CPython', { kind: 'cpython', executable: 'python3' })
