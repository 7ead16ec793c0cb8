/** Program that must not compile, with a pattern of the message that its author reads. */

export interface WrongProgram {
  /** Name of the error, which completes the sentence "rejects …". */
  readonly title: string
  readonly code: string
  /** Pattern of the message, which must match in every compiler. */
  readonly says: RegExp
}

export function wrong(title: string, code: string, says: RegExp): WrongProgram {
  return { title, code, says }
}
