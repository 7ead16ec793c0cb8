/** How the parts of the store add steps. */

import type { AddStep as AddStepOn } from '../steps.ts'
import type { Session } from './session/session.ts'

export type AddStep = AddStepOn<Session>
