/** The keys that do something on the screen that is seen (`?`). */

import { Dialog } from '../parts/dialog.tsx'
import { keyGroups } from './keys.ts'

export function KeyboardHelp({ onClose }: { onClose(): void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <table class="keys">
        <tbody>
          {keyGroups.value.flat().map(({ key, does }) => (
            <tr key={key}>
              <th scope="row">
                <kbd>{key}</kbd>
              </th>
              <td>{does}</td>
            </tr>
          ))}
          <tr>
            <th scope="row">
              <kbd>Esc</kbd>
            </th>
            <td>close the dialog, or leave the field</td>
          </tr>
        </tbody>
      </table>
    </Dialog>
  )
}
