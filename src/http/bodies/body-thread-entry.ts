/** The thread that parses large bodies. Started by `large-bodies.ts`. */

import { answerRequests } from '../../threads/answering.ts'
import { bodyAnswer } from './parsed-bodies.ts'

answerRequests(bodyAnswer)
