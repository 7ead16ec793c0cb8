/** Warnings of Node, such as `ExperimentalWarning`, which Node otherwise writes to descriptor 2 itself. */

/** Passes warnings of this thread to a function, with the code and the hint that Node prints. */
export function replaceWarnings(take: (text: string) => void): void {
  const isSilent = process.listenerCount('warning') === 0 // NODE_NO_WARNINGS=1 or --no-warnings
  process.removeAllListeners('warning')
  if (isSilent) return
  process.on('warning', (warning) => {
    if (warning.name === 'DeprecationWarning' && process.noDeprecation) return
    const { code, detail } = warning as { readonly code?: string; readonly detail?: string }
    const text = process.traceDeprecation || process.execArgv.includes('--trace-warnings') ? warning.stack : undefined
    const shown = text ?? `${warning.name}: ${warning.message}`
    take(`(node:${process.pid}) ${code === undefined ? '' : `[${code}] `}${shown}${detail ? `\n${detail}` : ''}`)
  })
}
