/**
 * The one list of what the house reports: logs derive from it, and so will metrics and traces. No event carries a password, a key, or
 * anything of a message's content (I9).
 */
import type { CeralaccaError } from './errors.ts'

export interface Events {
  'database-started': { folder: string; adopted: boolean }
  'database-stopped': { unexpected: boolean }
  listening: { service: string; host: string; port: number }
  'submission-accepted': { pecMsgid: string; recipients: number; bytes: number; milliseconds: number }
  'submission-refused': { code: string; bytes: number }
  delivered: { pecMsgid: string; outcome: 'delivered' | 'failed' }
  'dispatch-attempt-failed': { pecMsgid: string; error: CeralaccaError }
  'login-failed': { service: string; code: string; clientAddress: string }
  'unexpected-error': { where: string; error: CeralaccaError }
  swept: { contents: number; blobs: number; files: number }
  /** something that the house copes with by itself */
  warning: { where: string; message: string }
  stopping: { reason: string }
}

export type EventSink = <Name extends keyof Events>(name: Name, data: Events[Name]) => void
