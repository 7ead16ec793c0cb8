/** Attempts with limits under Pyodide, whose engine cannot renew its lease. `test/cpython` tests CPython. */

import { PYODIDE_CHOICE } from '../../src/host/environment/python-choice.ts'
import { describeRunLimits } from '../support/run-limits.ts'

describeRunLimits('Pyodide', PYODIDE_CHOICE)
