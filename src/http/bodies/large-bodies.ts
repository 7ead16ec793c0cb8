/** Chooses the thread in which a body is parsed: that of the engine if the body is small, else one of its own. */

import { SystemClock } from '../../engine/system-clock.ts'
import { UsageError } from '../../errors.ts'
import { RequestThread } from '../../threads/request-thread.ts'
import { HttpProblem } from '../problems.ts'
import {
  type BodyAnswer,
  type BodyProblem,
  type BodyQuestion,
  bodyAnswer,
  type WithoutContext,
} from './parsed-bodies.ts'

/** Number of characters that are parsed in a few milliseconds. */
const SMALL_CHARACTERS = 256 * 1024
const MEMORY_MEBIBYTES = 1_024
const LIMIT_MS = 60_000
const ENTRY = new URL(`./body-thread-entry${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

let thread: RequestThread<BodyQuestion, BodyAnswer> | null = null

/** Throws problems, and `INVALID_CONTEXT`. */
export async function bodyWithoutContext(text: string): Promise<WithoutContext> {
  const answer = await ask({ kind: 'withoutContext', text })
  return answer.kind === 'withoutContext' ? answer : { restText: text, contextText: null }
}

/** Returns where the elements of an array begin and end; null if it is not an array. Throws problems. */
export async function bodyElements(text: string): Promise<Uint32Array | null> {
  const answer = await ask({ kind: 'elements', text })
  return answer.kind === 'elements' ? answer.ranges : null
}

async function ask(question: BodyQuestion): Promise<BodyAnswer> {
  const isSmall = question.text.length <= SMALL_CHARACTERS
  const answer = isSmall ? bodyAnswer(question) : await askThread(question)
  if (answer.kind === 'refused') throw thrownOf(answer.problem)
  return answer
}

async function askThread(question: BodyQuestion): Promise<BodyAnswer> {
  thread ??= new RequestThread({
    entry: ENTRY,
    name: 'cloaca large bodies',
    memoryMebibytes: MEMORY_MEBIBYTES,
    clock: new SystemClock({ keepsProcessAlive: false }),
  })
  try {
    return await thread.ask(question, LIMIT_MS)
  } catch (thrown) {
    throw new HttpProblem(413, 'BODY_TOO_LARGE', `Cannot parse the body: ${(thrown as Error).message}.`)
  }
}

function thrownOf({ code, message, facts }: BodyProblem): Error {
  return code === 'BODY_NOT_JSON' ? new HttpProblem(400, code, message) : new UsageError(code, message, facts)
}
