/** Errors of the fields of a form. After a refusal, the first wrong field gets the focus, so that it is announced. */

import type { RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

const NONE: ReadonlyMap<string, string> = new Map()

interface Problems {
  /** Errors by JSON pointer. */
  readonly problems: ReadonlyMap<string, string>
  /** Element with the fields. */
  readonly element: RefObject<HTMLFormElement | null>
  refuse(wrong: ReadonlyMap<string, string>): void
  /** Removes the error of a field that the visitor has changed. */
  forget(pointer: string): void
}

export function useProblems(): Problems {
  const [problems, setProblems] = useState(NONE)
  const [refusals, setRefusals] = useState(0)
  const element = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (refusals > 0) element.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [refusals])
  return {
    problems,
    element,
    refuse(wrong) {
      setProblems(wrong)
      setRefusals((count) => count + 1)
    },
    forget(pointer) {
      setProblems(new Map([...problems].filter(([each]) => each !== pointer)))
    },
  }
}
