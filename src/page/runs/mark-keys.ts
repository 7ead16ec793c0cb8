/** Keys of marks in a row: one of them is in the order of Tab, and the arrow keys move the focus to the others. */

const STEPS: Readonly<Record<string, (at: number, count: number) => number>> = {
  ArrowLeft: (at) => at - 1,
  ArrowRight: (at) => at + 1,
  Home: () => 0,
  End: (_, count) => count - 1,
}

/** For `onKeyDown` of the parent of the marks, which are links. */
export function moveBetweenMarks(event: KeyboardEvent & { readonly currentTarget: Element }): void {
  const step = STEPS[event.key]
  if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return
  const marks = [...event.currentTarget.querySelectorAll('a')]
  const at = marks.indexOf(document.activeElement as HTMLAnchorElement)
  if (at < 0) return
  event.preventDefault()
  marks[Math.max(0, Math.min(marks.length - 1, step(at, marks.length)))]?.focus()
}
