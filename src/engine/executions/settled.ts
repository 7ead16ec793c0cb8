/** What an attempt came to, whatever the host does. For `executor.ts`. */

import { InternalError, toError } from '../../errors.ts'
import type { AttemptOutcome } from '../../model/execution.ts'
import type { NotEntered } from '../ports.ts'

/** The port promises an outcome; a host that rejects all the same costs one attempt. */
export async function settled(outcome: Promise<AttemptOutcome | NotEntered>): Promise<AttemptOutcome | NotEntered> {
  try {
    return await outcome
  } catch (thrown) {
    const error = new InternalError(`The engine failed while it was calling the script: ${toError(thrown).message}.`)
    return { kind: 'lost', error: { type: error.name, message: error.message, traceback: error.stack ?? '' } }
  }
}
