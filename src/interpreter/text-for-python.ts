/**
 * Long texts on their way into Python. Pyodide (314.0.7) turns a JavaScript string into a Python one at 50 MB/s, and bytes at
 * 800 MB/s, so a long text goes as UTF-8 and is decoded by Python. Contexts come from the engine as such bytes, and stay it.
 * Python's side is `_border.bridge.text_of`. Can go when Pyodide converts strings as fast.
 */

/** Below this the detour costs more than it saves. */
const LONG_TEXT_UNITS = 2_048

const encoder = new TextEncoder()

export type TextForPython = string | Uint8Array

export function textForPython(text: string): TextForPython {
  return text.length < LONG_TEXT_UNITS ? text : encoder.encode(text)
}
