/**
 * Long texts for Python as UTF-8, which Pyodide (314.0.7) converts at 800 MB/s instead of 50 MB/s for strings. Contexts
 * arrive from the engine in this form. Decoded by `_border.bridge.text_of`. Can go when Pyodide converts strings as
 * fast.
 */

/** Minimum length for which bytes are faster. */
const LONG_TEXT_UNITS = 2_048

const encoder = new TextEncoder()

export type TextForPython = string | Uint8Array

export function textForPython(text: string): TextForPython {
  return text.length < LONG_TEXT_UNITS ? text : encoder.encode(text)
}
