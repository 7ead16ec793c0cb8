/** What can go wrong between the page and the engine, as one kind of error. */

/** An answer that is an RFC 9457 problem, or no answer at all (`status` 0). */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  /** What kind of thing failed, in a few words. */
  readonly title: string

  constructor(status: number, code: string, title: string, detail: string) {
    super(detail)
    this.status = status
    this.code = code
    this.title = title
  }

  /** Nobody answered: the engine has stopped, or cannot be reached. */
  get isUnreachable(): boolean {
    return this.status === 0
  }
}

export function unreachable(): Problem {
  return new Problem(0, 'UNREACHABLE', 'cloaca does not answer', 'The engine has stopped or cannot be reached.')
}

/** What an answer that is no success says of itself. */
export async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null)
  const { code, title, detail } = (body ?? {}) as Readonly<Record<string, unknown>>
  return new Problem(
    response.status,
    typeof code === 'string' ? code : 'UNKNOWN',
    typeof title === 'string' ? title : 'Request failed',
    typeof detail === 'string'
      ? detail
      : `The engine answered with status ${response.status} ${response.statusText}.`.trim(),
  )
}

/** What was thrown, as a problem: anything else is a defect of the page, and says so. */
export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)
  return new Problem(-1, 'PAGE', 'Error in the page', message)
}
