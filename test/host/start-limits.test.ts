/** Requests whose lease is over before their function could be called, under Pyodide. `test/cpython` has the same under CPython. */

import { PYODIDE_CHOICE } from '../../src/host/environment/python-choice.ts'
import { describeStartLimits } from '../support/start-limits.ts'

describeStartLimits('Pyodide', PYODIDE_CHOICE)
