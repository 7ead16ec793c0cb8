/** Polls with state, lists and keys under Pyodide. `test/cpython` tests CPython. */

import { PYODIDE_CHOICE } from '../../src/host/environment/python-choice.ts'
import { describeTriggerStates } from '../support/trigger-states.ts'

describeTriggerStates('Pyodide', PYODIDE_CHOICE)
