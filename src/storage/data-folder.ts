/** The data folder: private files lie in it, but the embedded database may run as another user, who has to pass through. */
import { mkdirSync } from 'node:fs'

/** Makes the folder if it is not there. Its contents are in folders of their own, each closed to others. */
export function ensureDataFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 })
}
