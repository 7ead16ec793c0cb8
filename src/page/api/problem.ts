/** The errors of requests to the engine, as one class. */

export interface ValueProblem {
  readonly path: string
  readonly message: string
}

/** RFC 9457 problem, or a missing answer (`status` 0). */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly title: string
  /** Wrong values of the request, each with its path. */
  readonly problems: readonly ValueProblem[]

  constructor(status: number, code: string, title: string, detail: string, problems: readonly ValueProblem[] = []) {
    super(detail)
    this.status = status
    this.code = code
    this.title = title
    this.problems = problems
  }

  /** Whether no answer came: the engine has stopped, or cannot be reached. */
  get isUnreachable(): boolean {
    return this.status === 0
  }
}

export function unreachable(): Problem {
  return new Problem(0, 'UNREACHABLE', 'cloaca does not answer', 'The engine has stopped or cannot be reached.')
}

export async function readProblem(response: Response): Promise<Problem> {
  // Ignored: the body is not JSON, and the status is enough
  const body: unknown = await response.json().catch(() => null)
  const { code, title, detail, problems } = (body ?? {}) as Readonly<Record<string, unknown>>
  return new Problem(
    response.status,
    typeof code === 'string' ? code : 'UNKNOWN',
    typeof title === 'string' ? title : 'Request failed',
    typeof detail === 'string'
      ? detail
      : `The engine answered with status ${response.status} ${response.statusText}.`.trim(),
    Array.isArray(problems) ? problems : [],
  )
}

/** Returns a thrown value as a problem. Any other error is a defect of the page, and is named as one. */
export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)
  return new Problem(-1, 'PAGE', 'Error in the page', message)
}
