/** What went wrong in Python, as data: an outcome has one, and the store keeps it. */

/** A Python exception, or what happened to the interpreter. Built in Python where there is one. */
export interface PythonFault {
  /** Class name of the exception (`ValueError`), or of our error where Python had no say (`InterpreterDied`). */
  readonly type: string
  /** Complete sentence that users may match: `trigger 'x' raised exception: …`. */
  readonly message: string
  /** Complete traceback as Python prints it, or '' where there is none. */
  readonly traceback: string
}
