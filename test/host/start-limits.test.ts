/** Requests under Pyodide whose lease expires before their call starts. `test/cpython` tests CPython. */

import { PYODIDE_CHOICE } from '../../src/host/environment/python-choice.ts'
import { describeStartLimits } from '../support/start-limits.ts'

describeStartLimits('Pyodide', PYODIDE_CHOICE)
